import type { Template } from './template';
import type { Value } from './value';

/** A template with the values of its parameters: what a stack is, or is to become. */
export interface Deployment {
  readonly template: Template;
  /** Parameters as given or by default. */
  readonly given: ReadonlyMap<string, string>;
  /** Parameters as `Ref` sees them. */
  readonly values: ReadonlyMap<string, Value>;
  readonly tags: ReadonlyMap<string, string>;
  /** Each resource whose condition holds, with the resources it depends on. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
}
