import { AwsError } from '../aws-error';
import type { Deployment } from './deployment';
import type { DeploymentInput, Engine } from './engine';
import { type Random, uuid } from './identifiers';
import { partitionOf } from './parameters';
import type { Stack } from './stack';
import { isEqual } from './value';

export interface ChangeSet {
  readonly id: string;
  readonly name: string;
  readonly stack: Stack;
  readonly type: string;
  readonly description?: string;
  readonly creationTime: number;
  readonly input: DeploymentInput;
  readonly deployment: Deployment;
  readonly status: 'CREATE_COMPLETE' | 'FAILED';
  readonly reason?: string;
  readonly changes: readonly Change[];
  executionStatus: 'AVAILABLE' | 'UNAVAILABLE' | 'EXECUTE_COMPLETE';
}

export interface Change {
  readonly action: 'Add' | 'Modify' | 'Remove';
  readonly logicalId: string;
  readonly physicalId?: string;
  readonly type: string;
  readonly replacement?: 'True' | 'False';
}

const nothingToDo =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

/** The change sets of an engine's stacks. They are ready as soon as they are asked for. */
export class ChangeSets {
  private readonly changeSets: ChangeSet[] = [];

  constructor(
    private readonly engine: Engine,
    private readonly random: Random,
    private readonly now: () => number,
  ) {}

  create(
    stack: Stack,
    type: string,
    name: string,
    description: string | undefined,
    input: DeploymentInput,
  ): ChangeSet {
    if (this.find(stack, name))
      throw new AwsError('AlreadyExistsException', `ChangeSet ${name} already exists`);
    const deployment = this.engine.plan(stack, input);
    const isChange = this.engine.isChange(stack, deployment);
    const prefix = `arn:${partitionOf(stack.region)}:cloudformation:${stack.region}:${stack.accountId}`;
    const changeSet: ChangeSet = {
      id: `${prefix}:changeSet/${name}/${uuid(this.random)}`,
      ...{ name, stack, type, description, input, deployment },
      creationTime: this.now(),
      status: isChange ? 'CREATE_COMPLETE' : 'FAILED',
      reason: isChange ? undefined : nothingToDo,
      changes: isChange ? this.changes(stack, deployment) : [],
      executionStatus: isChange ? 'AVAILABLE' : 'UNAVAILABLE',
    };
    this.changeSets.push(changeSet);
    return changeSet;
  }

  find(stack: Stack, nameOrId: string): ChangeSet | undefined {
    return this.changeSets.find(set => set.stack === stack && (set.name === nameOrId || set.id === nameOrId));
  }

  byId(id: string): ChangeSet | undefined {
    return this.changeSets.find(set => set.id === id);
  }

  delete(changeSet: ChangeSet): void {
    this.changeSets.splice(this.changeSets.indexOf(changeSet), 1);
  }

  execute(
    changeSet: ChangeSet,
    choices: Pick<DeploymentInput, 'clientRequestToken' | 'disableRollback'>,
  ): void {
    const { stack, type, name, executionStatus } = changeSet;
    const disableRollback = choices.disableRollback || changeSet.input.disableRollback;
    const input = { ...changeSet.input, ...choices, disableRollback };
    if (executionStatus !== 'AVAILABLE') {
      const message = `ChangeSet [${name}] cannot be executed in its current execution status of [${executionStatus}]`;
      throw new AwsError('InvalidChangeSetStatus', message);
    }
    if (type === 'CREATE') this.engine.create(stack, input);
    else this.engine.update(stack, input);
    changeSet.executionStatus = 'EXECUTE_COMPLETE';
    for (const other of this.changeSets.filter(set => set.stack === stack && set !== changeSet))
      this.delete(other);
  }

  private changes(stack: Stack, { template, dependencies }: Deployment): Change[] {
    const wanted = [...dependencies.keys()].flatMap(id => {
      const definition = template.resources.get(id);
      return definition ? [[id, definition] as const] : [];
    });
    const presentChanges = wanted.flatMap(([logicalId, definition]): Change[] => {
      const present = stack.resources.get(logicalId);
      if (!present) return [{ action: 'Add', logicalId, type: definition.type }];
      const { condition: _, ...after } = definition;
      const { condition: __, ...before } = present.definition;
      if (isEqual(before, after)) return [];
      const { physicalId, type } = present;
      const replacement = this.engine.isReplaced(type, before.properties, after.properties)
        ? 'True'
        : 'False';
      return [{ action: 'Modify', logicalId, physicalId, type, replacement }];
    });
    const removed = [...stack.resources.values()].filter(({ logicalId }) => !dependencies.has(logicalId));
    return [
      ...presentChanges,
      ...removed.map(({ logicalId, physicalId, type }) => ({
        action: 'Remove' as const,
        logicalId,
        physicalId,
        type,
      })),
    ];
  }
}
