import { createHash } from 'node:crypto';

/** The Region that answers for keys of scope CLOUDFRONT (AWS WAF API Reference, CreateAPIKey, Scope). */
const CLOUDFRONT_REGION = 'us-east-1';

// the form is a contract with deployed stacks: older and newer handlers read each other's ids
const FORM = /^WafCaptchaApiKey\/(REGIONAL|CLOUDFRONT)\/([a-z0-9-]+)\/([0-9a-f]{64})(?:\/(.*))?$/;
const FAILED_CREATE = 'WafCaptchaApiKey/create-failed/';
const IMPORTED = 'imported';
const ADOPTED = 'adopted';
const ROTATION = 'rotation-';
const AFTER = /^after-([rc])-([0-9a-f]{64})$/;
const RETURNED = 'returned-';

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
  /** the previous key, kept until this one is replaced */
  readonly after?: KeyReference;
}

export interface NewKeyId {
  readonly location: Location;
  readonly digest: string;
  readonly isImported?: boolean;
  readonly rotation: string;
  readonly after?: KeyReference;
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
export function newKeyId({ location, digest, isImported, rotation, after }: NewKeyId): string {
  return [
    `WafCaptchaApiKey/${location.scope}/${location.region}/${digest}`,
    ...(isImported ? [IMPORTED] : []),
    ...(rotation ? [`${ROTATION}${rotation}`] : []),
    ...(after ? [`after-${after.location.scope === 'CLOUDFRONT' ? 'c' : 'r'}-${after.digest}`] : []),
  ].join('/');
}

/** The same id for a key that was handed over to the stack. */
export function adopted({ text }: KeyId): string {
  return segmentsOf(text)
    .map(segment => (segment === IMPORTED ? ADOPTED : segment))
    .join('/');
}

/** An id for the same key that CloudFormation has not seen yet; an imported key is handed over. */
export function returned(id: KeyId, requestId: string): string {
  const segments = segmentsOf(adopted(id)).filter(segment => !segment.startsWith(RETURNED));
  return [...segments, `${RETURNED}${digestOf(requestId).slice(0, 16)}`].join('/');
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
  const segments = segmentsOf(rest);
  const rotation = segments.find(segment => segment.startsWith(ROTATION)) ?? ROTATION;
  return {
    text,
    location: { scope, region },
    digest,
    origin: segments.includes(IMPORTED) ? 'imported' : segments.includes(ADOPTED) ? 'adopted' : 'created',
    rotation: rotation.slice(ROTATION.length),
    after: segments.map(segment => parseAfter(segment, stackRegion)).find(after => after !== undefined),
  };
}

/** The digests of all keys that an id contains. */
export function digestsIn(id: KeyId | undefined): string[] {
  return id ? [id.digest, ...(id.after ? [id.after.digest] : [])] : [];
}

function parseAfter(segment: string, stackRegion: string): KeyReference | undefined {
  const [, scope, digest] = AFTER.exec(segment) ?? [];
  return digest === undefined
    ? undefined
    : { location: locationOf(scope === 'c' ? 'CLOUDFRONT' : 'REGIONAL', stackRegion), digest };
}

function segmentsOf(text: string): string[] {
  return text.split('/');
}
