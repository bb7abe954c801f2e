import { WAFNonexistentItemException, WAFV2Client } from '@aws-sdk/client-wafv2';
import type { Wafv2 } from '../../local-aws/wafv2';
import type { Calls } from './calls';

/**
 * A client of WAF without HTTP and without the SDK's layers: they take most of the time that a hundred thousand
 * refused calls take.
 */
export function wafClient(
  waf: Wafv2,
  region: string,
  calls: Calls,
  latency: () => Promise<void>,
): WAFV2Client {
  const send = async (command: { readonly input: object }) => {
    const operation = command.constructor.name.replace(/Command$/, '');
    await latency();
    const { status, body = '' } = await waf.service({
      ...{ service: 'wafv2', region, method: 'POST', path: '/', query: new URLSearchParams() },
      headers: { 'x-amz-target': `AWSWAF_20190729.${operation}` },
      body: Buffer.from(JSON.stringify(command.input)),
    });
    calls.add(operation, status === 200);
    await latency();
    const output = JSON.parse(String(body), (name, value) =>
      name === 'CreationTimestamp' ? new Date(value * 1000) : value,
    );
    if (status === 200) return { ...output, $metadata: {} };
    const $metadata = { httpStatusCode: status };
    const { __type: name, message } = output;
    if (name === 'WAFNonexistentItemException') throw new WAFNonexistentItemException({ message, $metadata });
    throw Object.assign(new Error(message), { name, $metadata });
  };
  return Object.assign(new WAFV2Client({ region }), { send });
}
