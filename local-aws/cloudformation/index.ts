import type { Service } from '../service';
import { cloudFormationApi, type ReadObject } from './api';
import { ChangeSets } from './change-sets';
import type { Answer } from './custom-resource';
import { Engine, type EngineOptions } from './engine';

export type { Answer } from './custom-resource';
export { type DeletionInput, type DeploymentInput, Engine, type EngineOptions } from './engine';
export { defaultVariants, type Variants } from './environment';
export {
  type ResourceCopy,
  ResourceFailure,
  type ResourceRequest,
  type ResourceState,
  type ResourceType,
} from './resource-type';
export type { Output, Stack, StackEvent, StackResource } from './stack';

export interface CloudFormationOptions extends EngineOptions {
  readonly readObject: ReadObject;
}

/** CloudFormation: the engine and its API. */
export class CloudFormation {
  readonly engine: Engine;
  readonly service: Service;

  constructor(options: CloudFormationOptions) {
    this.engine = new Engine(options);
    const changeSets = new ChangeSets(this.engine, options.random, () => options.clock.now());
    this.service = cloudFormationApi(this.engine, changeSets, options.readObject);
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
