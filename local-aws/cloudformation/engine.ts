import { AwsError } from '../aws-error';
import type { Clock } from '../clock';
import type { Functions } from '../lambda-function';
import { CustomResources } from './custom-resource';
import type { Deployment } from './deployment';
import { defaultVariants, type Environment, type Variants } from './environment';
import type { Random } from './identifiers';
import {
  deleteStack,
  Operation,
  type ParentSucceeds,
  type RollbackOptions,
  rollbackStatus,
  settledStatuses,
} from './operation';
import { givenParameters, parameterValues } from './parameters';
import { planDeployment } from './plan';
import type { ResourceType } from './resource-type';
import { awsResourceTypes, type Parameters } from './resource-types';
import { needsReplacement } from './rollout';
import { type Output, Stack } from './stack';
import { parseTemplate } from './template';
import { isEqual, type Properties, type Value } from './value';

export interface EngineOptions {
  readonly accountId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly functions: Functions;
  /** The values that SSM's GetParameter finds; the same in every Region. */
  readonly parameters: Parameters;
  /** The address to which the answer of the request with this token is put. */
  readonly responseUrl: (token: string) => string;
  readonly variants?: Partial<Variants>;
  /** Further resource types by name, or stand-ins for known ones. */
  readonly resourceTypes?: ReadonlyMap<string, ResourceType>;
}

/** What a creation or an update is given. */
export interface DeploymentInput {
  /** The template's JSON text. */
  readonly template: string;
  readonly parameters?: ReadonlyMap<string, string>;
  readonly tags?: ReadonlyMap<string, string>;
  readonly clientRequestToken?: string;
  /** Whether a failure leaves what succeeded as it is. @default false */
  readonly disableRollback?: boolean;
}

export interface RollbackInput extends Omit<RollbackOptions, 'skip'> {
  readonly clientRequestToken?: string;
}

export interface ContinuationInput extends Pick<RollbackOptions, 'skip'> {
  readonly clientRequestToken?: string;
}

export interface DeletionInput {
  /** Logical ids of resources to keep; only for a stack whose deletion has failed. */
  readonly retain?: readonly string[];
  readonly clientRequestToken?: string;
}

interface Running {
  readonly operation?: Operation;
  readonly end: Promise<void>;
}

const pausedStatuses = ['CREATE_FAILED', 'UPDATE_FAILED'];

/** CloudFormation without its API: stacks, and what happens to them in the order in which AWS does it. */
export class Engine {
  readonly stacks: Stack[] = [];
  readonly customResources: CustomResources;
  private readonly environment: Environment;
  private readonly types: ReadonlyMap<string, ResourceType>;
  private readonly running = new Map<Stack, Running>();

  constructor(private readonly options: EngineOptions) {
    const variants = { ...defaultVariants, ...options.variants };
    this.customResources = new CustomResources({ ...options, variants });
    this.types = new Map([...awsResourceTypes(options), ...(options.resourceTypes ?? [])]);
    this.environment = {
      clock: options.clock,
      random: options.random,
      variants,
      resourceType: name => this.resourceType(name),
      elsewhere: stack => ({
        importedValue: name => this.importedValue(stack, name),
        stackOutput: (name, output, region = stack.region) => this.stackOutput(region, name, output),
      }),
      checkExports: (stack, outputs) => this.checkExports(stack, outputs),
    };
  }

  /** The living stack of that name, or any stack, deleted or not, of that id. */
  find(region: string, nameOrId: string): Stack | undefined {
    const ofRegion = this.stacks.filter(stack => stack.region === region);
    return ofRegion.find(({ id, name, isGone }) => id === nameOrId || (name === nameOrId && !isGone));
  }

  /** A stack of which nothing exists but its name: what a change set of type CREATE makes. */
  addStack(region: string, name: string): Stack {
    if (this.find(region, name))
      throw new AwsError('AlreadyExistsException', `Stack [${name}] already exists`);
    const { accountId, clock, random } = this.options;
    const stack = new Stack({ region, name, accountId, clock, random });
    this.stacks.push(stack);
    return stack;
  }

  /** Starts to create the resources of a stack from `addStack`. */
  create(stack: Stack, input: DeploymentInput): void {
    const deployment = this.plan(stack, input);
    if (stack.status !== 'REVIEW_IN_PROGRESS') throw refusal(stack, 'can not be created');
    const operation = this.begin(stack, 'CREATE_IN_PROGRESS', input, deployment);
    this.track(stack, operation.create(), operation);
  }

  /** Starts an update, of a nested stack if there is a parent; refuses one that changes nothing. */
  update(stack: Stack, input: DeploymentInput, parentSucceeds?: ParentSucceeds): void {
    const deployment = this.plan(stack, input);
    if (pausedStatuses.includes(stack.status)) {
      if (!input.disableRollback) throw invalid(nonTerminal(stack));
    } else if (!settledStatuses.includes(stack.status)) throw refusal(stack, 'can not be updated');
    if (!this.isChange(stack, deployment)) throw invalid('No updates are to be performed.');
    const operation = this.begin(stack, 'UPDATE_IN_PROGRESS', input, deployment);
    stack.lastUpdatedTime = this.options.clock.now();
    this.track(stack, operation.update(parentSucceeds), operation);
  }

  /** Takes back an update that is in progress. */
  cancelUpdate(stack: Stack): void {
    const operation = this.running.get(stack)?.operation;
    if (stack.status !== 'UPDATE_IN_PROGRESS' || !operation)
      throw refusal(stack, 'its update can not be cancelled');
    operation.cancel();
  }

  /** Goes back to the last settled state from a failure after which rollback was disabled. */
  rollBack(stack: Stack, { clientRequestToken, ...options }: RollbackInput = {}): void {
    if (!pausedStatuses.includes(stack.status)) throw refusal(stack, 'can not be rolled back');
    this.startRollback(stack, clientRequestToken, options);
  }

  /** Tries a failed rollback again. Resources that failed to be rolled back may be skipped. */
  continueRollback(stack: Stack, { clientRequestToken, skip = [] }: ContinuationInput = {}): void {
    if (stack.status !== 'UPDATE_ROLLBACK_FAILED') throw refusal(stack, 'has no rollback to continue');
    const others = skip.filter(id => stack.resources.get(id)?.status !== 'UPDATE_FAILED');
    if (others.length > 0) {
      throw invalid(`expected resources in the state UPDATE_FAILED to skip, got [${others.join(', ')}]`);
    }
    this.startRollback(stack, clientRequestToken, { skip });
  }

  /** Starts to delete a stack; a creation in progress is given up. `retain` takes resources that could not go. */
  delete(stack: Stack, { retain = [], clientRequestToken }: DeletionInput = {}): void {
    if (stack.isGone || stack.status === 'DELETE_IN_PROGRESS') return;
    const interrupted = stack.status === 'CREATE_IN_PROGRESS' ? this.running.get(stack) : undefined;
    if (!interrupted && this.running.has(stack)) {
      throw invalid(`Stack [${stack.name}] cannot be deleted while in status ${stack.status}`);
    }
    if (retain.length > 0 && stack.status !== 'DELETE_FAILED')
      throw refusal(stack, 'must be DELETE_FAILED to retain');
    const [used] = this.usedExports(stack, stack.outputs);
    if (used) {
      // the call succeeds, but nothing is deleted
      const reason = `Delete canceled. Cannot delete export ${used.name} as it is in use by ${used.by}.`;
      stack.begin(stack.status, clientRequestToken, reason);
      return;
    }
    const { environment } = this;
    stack.begin('DELETE_IN_PROGRESS', clientRequestToken);
    const end = deleteStack({ stack, environment, retain, interrupted: interrupted?.end });
    interrupted?.operation?.cancel();
    this.track(stack, end);
  }

  /** Resolves once nothing happens to the stack any more. */
  async settled(stack: Stack): Promise<void> {
    for (let running = this.running.get(stack); running; running = this.running.get(stack)) await running.end;
  }

  /** Checks what is to be deployed as a whole, without touching anything. */
  plan(
    stack: Stack,
    { template: text, parameters = new Map(), tags = new Map() }: DeploymentInput,
  ): Deployment {
    try {
      const template = parseTemplate(text);
      const given = givenParameters(template, parameters);
      const values = parameterValues(template, given, stack, this.options.parameters);
      this.refuseNewTypes(stack, template.resources);
      return planDeployment({ template, given, values, tags }, type => this.isKnown(type));
    } catch (error) {
      throw invalid(error instanceof Error ? error.message : String(error));
    }
  }

  /** Whether the deployment differs from what the stack is. */
  isChange(stack: Stack, deployment: Deployment): boolean {
    // what has failed may be tried again as it is
    if (!stack.deployment || pausedStatuses.includes(stack.status)) return true;
    return !isEqual(essence(stack.deployment), essence(deployment));
  }

  /** Whether such a change makes a new copy of a resource. */
  isReplaced(type: string, before: Properties, after: Properties): boolean {
    return needsReplacement(this.resourceType(type), after, before);
  }

  private begin(stack: Stack, status: string, input: DeploymentInput, deployment: Deployment): Operation {
    const operation = new Operation(stack, deployment, this.environment);
    stack.disablesRollback = input.disableRollback ?? false;
    stack.begin(status, input.clientRequestToken);
    return operation;
  }

  private startRollback(
    stack: Stack,
    clientRequestToken: string | undefined,
    options: RollbackOptions,
  ): void {
    const { deployment } = stack;
    if (!deployment) throw refusal(stack, 'has nothing to roll back');
    const operation = new Operation(stack, deployment, this.environment);
    stack.begin(rollbackStatus(stack), clientRequestToken);
    this.track(stack, operation.rollBack(options), operation);
  }

  private track(stack: Stack, end: Promise<void>, operation?: Operation): void {
    const running = { operation, end };
    this.running.set(stack, running);
    const finish = () => {
      if (this.running.get(stack) === running) this.running.delete(stack);
    };
    // a rejection is a fault of this imitation: it stays unhandled, and loud
    end.then(finish);
  }

  private refuseNewTypes(stack: Stack, resources: ReadonlyMap<string, { readonly type: string }>): void {
    const changed = [...resources].filter(
      ([id, { type }]) => (stack.resources.get(id)?.type ?? type) !== type,
    );
    if (changed.length === 0) return;
    const ids = changed.map(([id]) => id).join(', ');
    throw new Error(`Update of resource type is not permitted. Resources of another type: [${ids}]`);
  }

  private isKnown(type: string): boolean {
    return (
      type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource' || this.types.has(type)
    );
  }

  private resourceType(name: string): ResourceType {
    const type = this.types.get(name);
    if (!type && !this.isKnown(name)) throw new Error(`unknown resource type: ${name}`);
    return type ?? this.customResources;
  }

  private importedValue(stack: Stack, name: string): string {
    const outputs = this.othersOf(stack).flatMap(other => other.outputs);
    const value = outputs.find(({ exportName }) => exportName === name)?.value;
    if (value === undefined) throw new Error(`No export named ${name} found.`);
    return value;
  }

  private stackOutput(region: string, stackName: string, outputName: string): string {
    const stack = this.find(region, stackName);
    if (!stack || stack.isGone) throw new Error(`Stack ${stackName} does not exist in ${region}.`);
    const output = stack.outputs.find(({ key }) => key === outputName);
    if (!output) throw new Error(`Output ${outputName} does not exist in stack ${stackName}.`);
    return output.value;
  }

  private checkExports(stack: Stack, outputs: readonly Output[]): void {
    const names = outputs.flatMap(({ exportName }) => exportName ?? []);
    for (const other of this.othersOf(stack)) {
      const taken = other.outputs.find(({ exportName = '' }) => names.includes(exportName));
      if (taken)
        throw new Error(`Export with name ${taken.exportName} is already exported by stack ${other.name}`);
    }
    for (const { name, by, value } of this.usedExports(stack, stack.outputs)) {
      const after = outputs.find(({ exportName }) => exportName === name);
      const change = after ? 'updated' : 'deleted';
      if (after?.value !== value)
        throw new Error(`Export ${name} cannot be ${change} as it is in use by ${by}`);
    }
  }

  /** Those exports that other stacks import. */
  private usedExports(stack: Stack, outputs: readonly Output[]) {
    return outputs.flatMap(({ exportName: name, value }) => {
      const users = this.othersOf(stack).filter(({ imports }) => name !== undefined && imports.has(name));
      return name === undefined || users.length === 0
        ? []
        : [{ name, value, by: users.map(user => user.name).join(' and ') }];
    });
  }

  private othersOf(stack: Stack): Stack[] {
    return this.stacks.filter(other => other !== stack && other.region === stack.region && !other.isGone);
  }
}

function essence({ template, values, tags }: Deployment): Value {
  const { mappings, conditions, outputs, resources } = template;
  const definitions = [...resources].map(([id, { condition = '', ...rest }]) => [id, { condition, ...rest }]);
  const sections = { mappings, conditions, outputs, resources: Object.fromEntries(definitions) };
  return { ...sections, values: Object.fromEntries(values), tags: Object.fromEntries(tags) };
}

function nonTerminal({ status }: Stack): string {
  const hint =
    'To update the stack from this state, please use the disable-rollback parameter with update-stack API.';
  const other = 'To rollback to the last known good state, use the rollback-stack API';
  return `This stack is currently in a non-terminal [${status}] state. ${hint} ${other}`;
}

function refusal({ id, status }: Stack, what: string): AwsError {
  return invalid(`Stack:${id} is in ${status} state and ${what}.`);
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
