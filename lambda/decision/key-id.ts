import { createHash } from 'node:crypto';

/** The Region that answers for keys of scope CLOUDFRONT (AWS WAF API Reference, CreateAPIKey, Scope). */
const CLOUDFRONT_REGION = 'us-east-1';

// the form is a contract with deployed stacks: older and newer handlers read each other's ids
const FORM = /^WafCaptchaApiKey\/(REGIONAL|CLOUDFRONT)\/([a-z0-9-]+)\/([0-9a-f]{64})(?:\/(.*))?$/;
const FAILED_CREATE = 'WafCaptchaApiKey/create-failed/';
const AFTER = /^after-([rc])-([0-9a-f]{64})$/;

export type Scope = 'REGIONAL' | 'CLOUDFRONT';

/** Where a key lives. */
export interface Location {
  readonly scope: Scope;
  readonly region: string;
}

/** Enough to recognise a key in a list, not enough to use it. */
export interface KeyReference {
  readonly location: Location;
  /** the key's SHA-256, in hex */
  readonly digest: string;
}

/** What a physical id says. */
export interface KeyId extends KeyReference {
  readonly text: string;
  /** how the key came to the resource: the stack created it, only uses it, or was handed it over */
  readonly origin: 'created' | 'imported' | 'adopted';
  /** the hash of the label that the key stands for; empty for none */
  readonly rotation: string;
  /** the previous key, which stays until this one is replaced */
  readonly after: KeyReference | undefined;
}

export function locationOf(scope: Scope, stackRegion: string): Location {
  return { scope, region: scope === 'CLOUDFRONT' ? CLOUDFRONT_REGION : stackRegion };
}

export function sameLocation(one: Location, other: Location): boolean {
  return one.scope === other.scope && one.region === other.region;
}

export function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** What stands for a rotation label in an id; empty for none. */
export function rotationOf(label: string | undefined): string {
  return label === undefined ? '' : digestOf(label).slice(0, 16);
}

/** The id of a key. A hash stands for it, since a key may be longer than an id, and ids appear in logs. */
export function newKeyId(
  { location, digest }: KeyReference,
  rotation = '',
  { isImported, after }: { readonly isImported?: boolean; readonly after?: KeyReference } = {},
): string {
  return [
    `WafCaptchaApiKey/${location.scope}/${location.region}/${digest}`,
    ...(isImported ? ['imported'] : []),
    ...(rotation ? [`rotation-${rotation}`] : []),
    ...(after ? [`after-${after.location.scope === 'CLOUDFRONT' ? 'c' : 'r'}-${after.digest}`] : []),
  ].join('/');
}

/** The same id for a key that was handed over to the stack. */
export function adopted({ text }: KeyId): string {
  return text.replace(/\/imported(?=\/|$)/, '/adopted');
}

/** The same id in a form that CloudFormation has not seen yet. */
export function returned(id: string, requestId: string): string {
  return `${id.replace(/\/returned-[^/]*/, '')}/returned-${digestOf(requestId).slice(0, 16)}`;
}

/** The id of a Create that left no key behind. It names none, so its Delete deletes none. */
export function failedCreateId(requestId: string): string {
  return `${FAILED_CREATE}${requestId}`;
}

/** The request that such an id is of; `undefined` for any other id. */
export function failedRequestOf(id: string): string | undefined {
  return id.startsWith(FAILED_CREATE) ? id.slice(FAILED_CREATE.length) : undefined;
}

/**
 * Reads an id; `undefined` for one that names no key: of a failed Create, or invented by CloudFormation.
 *
 * Unknown segments are ignored: a newer release may have written them.
 */
export function parseKeyId(text: string, stackRegion: string): KeyId | undefined {
  const [, scope, region, digest, rest = ''] = FORM.exec(text) ?? [];
  if ((scope !== 'REGIONAL' && scope !== 'CLOUDFRONT') || !region || !digest) return undefined;
  const segments = rest.split('/');
  const rotation = segments.find(segment => segment.startsWith('rotation-')) ?? '';
  const [, afterScope, afterDigest] = segments.map(segment => AFTER.exec(segment)).find(Boolean) ?? [];
  const afterLocation = locationOf(afterScope === 'c' ? 'CLOUDFRONT' : 'REGIONAL', stackRegion);
  return {
    text,
    location: { scope, region },
    digest,
    origin: segments.includes('imported') ? 'imported' : segments.includes('adopted') ? 'adopted' : 'created',
    rotation: rotation.slice('rotation-'.length),
    after: afterDigest ? { location: afterLocation, digest: afterDigest } : undefined,
  };
}

/** The digests of all keys that an id contains. */
export function digestsIn(id: KeyId | undefined): string[] {
  return [id?.digest ?? [], id?.after?.digest ?? []].flat();
}
