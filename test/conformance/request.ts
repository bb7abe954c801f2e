/** What the conformance app is to build, as JSON in its context `request`. */
export type AppRequest = ObserverRequest | StackRequest;

/** The stack of the function behind every twin and neighbour. */
export interface ObserverRequest {
  readonly kind: 'observer';
  readonly stackName: string;
  readonly observer: string;
}

export interface StackRequest {
  readonly kind: 'keys';
  readonly stackName: string;
  /** The name of the observer's function. */
  readonly observer: string;
  /** How long a twin waits before it responds, so that its states can be read from outside. */
  readonly holdSeconds: number;
  /** By construct id. */
  readonly keys: Readonly<Record<string, KeyRequest>>;
  readonly neighbour?: NeighbourRequest;
  readonly attributeProbe?: 'before' | 'after';
}

export interface KeyRequest {
  readonly scope: 'CLOUDFRONT' | 'REGIONAL';
  /** @default - the template's parameter TokenDomains, which only the handler can check; for one key at most */
  readonly tokenDomains?: string[];
  readonly rotation?: string;
  readonly existingApiKey?: string;
  readonly keepPreviousKey?: boolean;
  readonly retain?: boolean;
  /** Adds an observed resource that is asked for the same. @default false */
  readonly twin?: boolean;
  /** The keys that come first, which are named before. @default - none */
  readonly after?: readonly string[];
}

/** A resource that does what it is told. */
export interface NeighbourRequest {
  /** It responds with FAILED when it is created or updated. @default false */
  readonly fails?: boolean;
  /** The keys, with their twins, that come first. @default - all */
  readonly after?: readonly string[];
  /** Any change of it sends the neighbour an event. */
  readonly change?: string;
}

export const TWIN_TYPE = 'Custom::CaptchaKeyTwin';
export const NEIGHBOUR_TYPE = 'Custom::Neighbour';
