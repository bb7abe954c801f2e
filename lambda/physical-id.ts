import { createHash } from 'node:crypto';

/** The Region that answers for keys of scope CLOUDFRONT (AWS WAF API Reference, CreateAPIKey, Scope). */
const CLOUDFRONT_REGION = 'us-east-1';

export type Scope = 'REGIONAL' | 'CLOUDFRONT';

/** Where a key lives. */
export interface Location {
  readonly scope: Scope;
  readonly region: string;
}

/** What a physical id says: enough to recognise the key in a list, not enough to use it. */
export interface KeyReference {
  readonly location: Location;
  readonly digest: string;
  /** came to the resource by ExistingApiKey: it may be handed over since, or only used */
  readonly isExisting: boolean;
}

// the form is a contract with deployed stacks: older and newer handlers read each other's ids
const FORM = /^WafCaptchaApiKey\/(REGIONAL|CLOUDFRONT)\/([a-z0-9-]+)\/(existing\/)?([0-9a-f]{64})$/;

const FAILED_CREATE = 'WafCaptchaApiKey/create-failed/';

export function locationOf(scope: Scope, stackRegion: string): Location {
  return { scope, region: scope === 'CLOUDFRONT' ? CLOUDFRONT_REGION : stackRegion };
}

export function sameLocation(one: Location, other: Location): boolean {
  return one.scope === other.scope && one.region === other.region;
}

/** The id of a key: the same key has the same id for ever. A hash, since a key may be longer than an id. */
export function physicalIdOf({ scope, region }: Location, key: string): string {
  return `WafCaptchaApiKey/${scope}/${region}/${digestOf(key)}`;
}

/** The id of a key that was made elsewhere, even once it is handed over: CloudFormation would delete it otherwise. */
export function existingIdOf({ scope, region }: Location, key: string): string {
  return `WafCaptchaApiKey/${scope}/${region}/existing/${digestOf(key)}`;
}

/** The id of a Create that left no key behind. It names none, so its Delete deletes none. */
export function failedCreateId(requestId: string): string {
  return `${FAILED_CREATE}${requestId}`;
}

export function isFailedCreateId(id: string): boolean {
  return id.startsWith(FAILED_CREATE);
}

/** Reads an id back; `undefined` for one that names no key: of a failed Create, or made up by CloudFormation. */
export function parsePhysicalId(id: string): KeyReference | undefined {
  const [, scope, region, existing, digest] = FORM.exec(id) ?? [];
  if ((scope !== 'REGIONAL' && scope !== 'CLOUDFRONT') || !region || !digest) return undefined;
  return { location: { scope, region }, digest, isExisting: existing !== undefined };
}

/** The same, for a key in a location; `undefined` for an id that names none there. */
export function referenceIn(location: Location, id: string): KeyReference | undefined {
  const reference = parsePhysicalId(id);
  return reference && sameLocation(reference.location, location) ? reference : undefined;
}

/** Tells the key that a reference means from others; without a reference none is it. */
export function isKeyOf(reference: KeyReference | undefined): (key: string) => boolean {
  return key => reference?.digest === digestOf(key);
}

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
