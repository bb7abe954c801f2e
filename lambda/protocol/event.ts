import { RESPONSE_URL_LIFE } from '../timings';

/** Where the response to an event goes, and what it repeats verbatim. */
export interface ResponseAddress {
  readonly url: string;
  readonly stackId: string;
  readonly requestId: string;
  readonly logicalResourceId: string;
}

interface ResourceEvent {
  readonly address: ResponseAddress;
  readonly requestId: string;
  /** when CloudFormation signed the response URL; where that is not known, when the event arrived */
  readonly signedAt: number;
  readonly stackId: string;
  readonly stackRegion: string;
  readonly logicalResourceId: string;
  readonly properties: unknown;
}

export interface CreateEvent extends ResourceEvent {
  readonly type: 'Create';
  readonly physicalResourceId?: undefined;
}

export interface UpdateEvent extends ResourceEvent {
  readonly type: 'Update';
  readonly physicalResourceId: string;
}

export interface DeleteEvent extends ResourceEvent {
  readonly type: 'Delete';
  readonly physicalResourceId: string;
}

export type LifecycleEvent = CreateEvent | UpdateEvent | DeleteEvent;

/** An event that cannot be acted on, but responded to. */
export interface MalformedEvent {
  readonly type: 'malformed';
  readonly address: ResponseAddress;
  readonly physicalResourceId?: string;
  readonly reason: string;
}

/** An event that cannot be responded to either. */
export interface UnanswerableEvent {
  readonly type: 'unanswerable';
  readonly reason: string;
}

// more than CloudFormation's own names have, and with an id few enough for a response, even if each needs an escape
const MAX_NAME_BYTES = 300;
/** The longest physical id (CloudFormation User Guide, "Custom resource response objects"). */
const MAX_ID_BYTES = 1024;

/** Reads what the function was invoked with; `ownStackId` is the only stack whose events count, where it is known. */
export function parseEvent(
  received: unknown,
  arrivedAt: number,
  ownStackId: string | undefined,
): LifecycleEvent | MalformedEvent | UnanswerableEvent {
  const fields =
    typeof received === 'object' && received !== null ? new Map(Object.entries(received)) : new Map();
  const url = fields.get('ResponseURL');
  if (typeof url !== 'string' || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return { type: 'unanswerable', reason: `ResponseURL: expected a URL, got ${kindOf(url)}` };
  const address = {
    url,
    stackId: clipped(fields.get('StackId'), MAX_NAME_BYTES),
    requestId: clipped(fields.get('RequestId'), MAX_NAME_BYTES),
    logicalResourceId: clipped(fields.get('LogicalResourceId'), MAX_NAME_BYTES),
  };
  const id = clipped(fields.get('PhysicalResourceId'), MAX_ID_BYTES) || undefined;
  try {
    const stackId = text('StackId', fields.get('StackId'), MAX_NAME_BYTES);
    if (ownStackId && stackId !== ownStackId)
      throw new Error(`StackId: expected ${ownStackId}, got ${stackId}`);
    const event = {
      address,
      requestId: text('RequestId', fields.get('RequestId'), MAX_NAME_BYTES),
      signedAt: signedAt(url) ?? arrivedAt,
      stackId,
      stackRegion: regionOf(stackId),
      logicalResourceId: text('LogicalResourceId', fields.get('LogicalResourceId'), MAX_NAME_BYTES),
      properties: fields.get('ResourceProperties'),
    };
    const type: unknown = fields.get('RequestType');
    if (type === 'Create') return { ...event, type };
    if (type !== 'Update' && type !== 'Delete')
      throw new Error(`RequestType: expected Create, Update or Delete, got ${shown(type)}`);
    const physicalResourceId = text('PhysicalResourceId', fields.get('PhysicalResourceId'), MAX_ID_BYTES);
    return { ...event, type, physicalResourceId };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { type: 'malformed', address, physicalResourceId: id, reason };
  }
}

/** When CloudFormation signed a response URL, in milliseconds; an old signature names its end alone. */
function signedAt(url: string): number | undefined {
  const query = new URL(url).searchParams;
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '') ?? [];
  const [year = 0, month = 0, day, hour, minute, second] = parts.map(Number);
  if (parts.length > 0) return Date.UTC(year, month - 1, day, hour, minute, second);
  const expires = /^\d{1,11}$/.exec(query.get('Expires') ?? '');
  return expires ? Number(expires[0]) * 1000 - RESPONSE_URL_LIFE : undefined;
}

function regionOf(stackId: string): string {
  const [arn, , service, region = ''] = stackId.split(':');
  if (arn === 'arn' && service === 'cloudformation' && /^[a-z]{2,}(-[a-z0-9]+)+$/.test(region)) return region;
  throw new Error(`StackId: expected the ARN of a stack, got ${shown(stackId)}`);
}

function text(name: string, value: unknown, maxBytes: number): string {
  if (typeof value !== 'string' || value === '')
    throw new Error(`${name}: expected a text, got ${kindOf(value)}`);
  const bytes = Buffer.byteLength(value);
  if (bytes > maxBytes) throw new Error(`${name}: expected at most ${maxBytes} bytes, got ${bytes}`);
  if (/\p{Cc}/u.test(value)) throw new Error(`${name}: expected no control characters, got ${shown(value)}`);
  return value;
}

/** A text that fits into a response; empty for what is no text. */
function clipped(value: unknown, maxBytes: number): string {
  if (typeof value !== 'string') return '';
  const printable = value.slice(0, maxBytes).replace(/\p{Cc}/gu, ' ');
  if (Buffer.byteLength(printable) <= maxBytes) return printable;
  // characters of at most four bytes each
  return [...printable].slice(0, maxBytes / 4).join('');
}

function kindOf(value: unknown): string {
  return value === undefined ? 'nothing' : value === '' ? 'an empty one' : typeof value;
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200);
}
