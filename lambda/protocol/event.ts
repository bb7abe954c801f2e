import { shown } from '../decision/desired-key';
import type { ResourceRequest } from '../decision/history';
import { RESPONSE_URL_LIFE } from '../timings';

/** Where the response to an event goes, and what it repeats. Texts too long for a response are cut. */
export type ResponseAddress = Readonly<NonNullable<ReturnType<typeof parseAddress>>>;

/** A request of CloudFormation, as far as it can be acted on. */
export type LifecycleEvent = ResourceRequest & { readonly properties: unknown };

// more than CloudFormation's names have, but few enough to fit in a response with an id, even if each needs an escape
const MAX_NAME_BYTES = 300;
/** The longest physical id (CloudFormation User Guide, "Custom resource response objects"). */
const MAX_ID_BYTES = 1024;

/** Reads where a response would go; `undefined` if nobody waits for one. */
export function parseAddress(received: unknown) {
  const fields = fieldsOf(received);
  const { ResponseURL: url } = fields;
  if (typeof url !== 'string' || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return undefined;
  return {
    url,
    stackId: clipped(fields.StackId, MAX_NAME_BYTES),
    requestId: clipped(fields.RequestId, MAX_NAME_BYTES),
    logicalResourceId: clipped(fields.LogicalResourceId, MAX_NAME_BYTES),
    physicalResourceId: clipped(fields.PhysicalResourceId, MAX_ID_BYTES),
  };
}

/**
 * Reads the event that the function was invoked with. If `ownStackId` is given, only that stack's events count.
 *
 * @throws if it is not an event of that stack that can be acted on.
 */
export function parseEvent(received: unknown, signedAt: number, ownStackId?: string): LifecycleEvent {
  const fields = fieldsOf(received);
  const text = (name: string, maxBytes = MAX_NAME_BYTES) => textOf(name, fields[name], maxBytes);
  const stackId = text('StackId');
  if (ownStackId && stackId !== ownStackId)
    throw new Error(`StackId: expected ${ownStackId}, got ${stackId}`);
  const [, stackRegion] = /^arn:[^:]+:cloudformation:([a-z]+(?:-[a-z0-9]+)+):/.exec(stackId) ?? [];
  if (!stackRegion) throw new Error(`StackId: expected the ARN of a stack, got ${shown(stackId)}`);
  const { RequestType: type } = fields;
  if (type !== 'Create' && type !== 'Update' && type !== 'Delete')
    throw new Error(`RequestType: expected Create, Update or Delete, got ${shown(type)}`);
  return {
    type,
    requestId: text('RequestId'),
    signedAt,
    stackId,
    stackRegion,
    logicalResourceId: text('LogicalResourceId'),
    physicalResourceId: type === 'Create' ? undefined : text('PhysicalResourceId', MAX_ID_BYTES),
    properties: fields.ResourceProperties,
  };
}

/** When CloudFormation signed a response URL, in milliseconds; an old signature gives only its expiry. */
export function signatureTime(url: string): number | undefined {
  const query = new URL(url).searchParams;
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '') ?? [];
  const [year = 0, month = 0, day, hour, minute, second] = parts.map(Number);
  if (parts.length > 0) return Date.UTC(year, month - 1, day, hour, minute, second);
  const expires = /^\d{1,11}$/.exec(query.get('Expires') ?? '');
  return expires ? Number(expires[0]) * 1000 - RESPONSE_URL_LIFE : undefined;
}

function fieldsOf(received: unknown): Readonly<Record<string, unknown>> {
  return typeof received === 'object' ? { ...received } : {};
}

function textOf(name: string, value: unknown, maxBytes: number): string {
  if (typeof value !== 'string' || value === '')
    throw new Error(`${name}: expected a text, got ${shown(value)}`);
  const bytes = Buffer.byteLength(value);
  if (bytes > maxBytes) throw new Error(`${name}: expected at most ${maxBytes} bytes, got ${bytes}`);
  if (/\p{Cc}/u.test(value)) throw new Error(`${name}: expected no control characters, got ${shown(value)}`);
  return value;
}

/** A text cut to fit in a response; empty if the value is not a text. */
function clipped(value: unknown, maxBytes: number): string {
  const printable = typeof value === 'string' ? value.slice(0, maxBytes).replace(/\p{Cc}/gu, ' ') : '';
  // characters of at most four bytes each
  const fitting = [...printable].slice(0, maxBytes / 4).join('');
  return Buffer.byteLength(printable) <= maxBytes ? printable : fitting;
}
