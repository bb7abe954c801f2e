import type { Service } from '../service';
import { cloudFormationApi, type ReadObject } from './api';
import { ChangeSets } from './change-sets';
import type { Answer } from './custom-resource';
import { Engine, type EngineOptions } from './engine';
import type { Stack } from './stack';

export type { Answer } from './custom-resource';
export {
  type ContinuationInput,
  type DeletionInput,
  type DeploymentInput,
  Engine,
  type EngineOptions,
  type RollbackInput,
} from './engine';
export { defaultVariants, type Variants } from './environment';
export { parameterKey } from './parameters';
export { Form, queryService } from './query-protocol';
export { type ReadInput, recordReads } from './record-reads';
export {
  type ResourceCopy,
  ResourceFailure,
  type ResourceRequest,
  type ResourceState,
  type ResourceType,
} from './resource-type';
export { type Output, Stack, type StackEvent, type StackResource } from './stack';
export { recordAt, type StackRecord } from './stack-record';

export interface CloudFormationOptions extends EngineOptions {
  readonly readObject: ReadObject;
  /** The time whose record the reads of a stack show. @default - the clock's */
  readonly readsAt?: (stack: Stack) => number;
}

/** CloudFormation: the engine and its API. */
export class CloudFormation {
  readonly engine: Engine;
  readonly service: Service;

  constructor(options: CloudFormationOptions) {
    this.engine = new Engine(options);
    const changeSets = new ChangeSets(this.engine, options.random, () => options.clock.now());
    const readsAt = options.readsAt ?? (() => options.clock.now());
    this.service = cloudFormationApi({
      engine: this.engine,
      changeSets,
      readObject: options.readObject,
      readsAt,
    });
  }

  /** Takes what a custom resource put to its response URL. */
  answer(token: string, body: Buffer): void {
    this.engine.customResources.answer(token, body);
  }

  /** Every answer that arrived, and whether it was still waited for. */
  get answers(): readonly Answer[] {
    return this.engine.customResources.answers;
  }
}
