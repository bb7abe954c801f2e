import type { Clock } from '../../local-aws/clock';
import { inProcessHandler } from '../../local-aws/in-process';
import type { Service } from '../../local-aws/service';

/** Settings of an SDK client that calls `service` without a socket and looks nothing up, outside of the virtual time. */
export function inProcessSettings(name: string, region: string, service: Service, clock: Clock) {
  return {
    region,
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard' as const,
    endpoint: `https://${name}.${region}.amazonaws.com`,
    authSchemePreference: [],
    userAgentAppId: 'test',
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    disableClockSkewCorrection: true,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
    requestHandler: inProcessHandler(service, clock),
  };
}
