import { WAFV2Client } from '@aws-sdk/client-wafv2';
import type { Wafv2 } from '../../local-aws/wafv2';
import { sdkError } from './sdk-error';

export interface CallOptions {
  readonly abortSignal?: AbortSignal;
}

const anyClient = new WAFV2Client({ region: 'eu-west-1' });

/** A client whose calls skip HTTP and the SDK's layers, which take most of the time of a simulation. */
export function wafClient(
  call: (operation: string, input: object, options: CallOptions) => Promise<object>,
): WAFV2Client {
  const send = (command: { readonly input: object }, options: CallOptions = {}) =>
    call(command.constructor.name.replace(/Command$/, ''), command.input, options);
  return Object.create(anyClient, { send: { value: send } });
}

/** Makes one call; its effect has happened when this returns, before the promise is settled. */
export async function callWaf(waf: Wafv2, region: string, operation: string, input: object): Promise<object> {
  const { status, body } = await waf.service({
    ...{ service: 'wafv2', region, method: 'POST', path: '/', query: new URLSearchParams() },
    headers: { 'x-amz-target': `AWSWAF_20190729.${operation}` },
    body: Buffer.from(JSON.stringify(input)),
  });
  const output = JSON.parse(String(body), (name, value) =>
    name === 'CreationTimestamp' ? new Date(value * 1000) : value,
  );
  if (status >= 300) throw sdkError(output.__type, output.message, status);
  return output;
}
