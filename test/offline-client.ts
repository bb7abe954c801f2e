/** Every setting that a client of the SDK would otherwise look up in files, outside of the virtual time. */
export function offlineSettings(service: string, region: string) {
  return {
    region,
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard' as const,
    endpoint: `https://${service}.${region}.amazonaws.com`,
    authSchemePreference: [],
    userAgentAppId: 'test',
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    disableClockSkewCorrection: true,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
  };
}
