import { AwsError } from '../aws-error';
import type { Clock } from '../clock';
import type { Functions } from '../lambda-function';
import { CustomResources } from './custom-resource';
import { type Deployment, planDeployment } from './deployment';
import { defaultVariants, type Environment, type Variants } from './environment';
import type { Random } from './identifiers';
import { deleteStack, Operation, type ParentSucceeds } from './operation';
import { givenParameters, parameterValues } from './parameters';
import type { ResourceType } from './resource-type';
import { awsResourceTypes, type Parameters } from './resource-types';
import { needsReplacement } from './rollout';
import { Stack } from './stack';
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

const updatable = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'];

/** CloudFormation without its API: stacks, and what happens to them in the order in which AWS does it. */
export class Engine {
  readonly stacks: Stack[] = [];
  readonly customResources: CustomResources;
  private readonly environment: Environment;
  private readonly types: ReadonlyMap<string, ResourceType>;
  private readonly running = new Map<Stack, Running>();
  private readonly unfinished = new Map<Stack, Operation>();

  constructor(private readonly options: EngineOptions) {
    this.customResources = new CustomResources(options);
    this.types = new Map([...awsResourceTypes(options), ...(options.resourceTypes ?? [])]);
    this.environment = {
      clock: options.clock,
      random: options.random,
      variants: { ...defaultVariants, ...options.variants },
      resourceType: name => this.resourceType(name),
      importedValue: (stack, name) => this.importedValue(stack, name),
      checkExports: (stack, names) => this.checkExports(stack, names),
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
    this.start(stack, operation => operation.create(input.clientRequestToken), deployment);
  }

  /** Starts an update, of a nested stack if there is a parent; refuses one that changes nothing. */
  update(stack: Stack, input: DeploymentInput, parentSucceeds?: ParentSucceeds): void {
    const deployment = this.plan(stack, input);
    if (!updatable.includes(stack.status)) throw refusal(stack, 'can not be updated');
    if (!this.isChange(stack, deployment)) throw invalid('No updates are to be performed.');
    this.start(stack, operation => operation.update(input.clientRequestToken, parentSucceeds), deployment);
  }

  /** Takes back an update that is in progress. */
  cancelUpdate(stack: Stack): void {
    const operation = this.running.get(stack)?.operation;
    if (stack.status !== 'UPDATE_IN_PROGRESS' || !operation)
      throw refusal(stack, 'its update can not be cancelled');
    operation.cancel();
  }

  /** Tries a failed rollback again. */
  continueRollback(stack: Stack): void {
    const operation = this.unfinished.get(stack);
    if (stack.status !== 'UPDATE_ROLLBACK_FAILED' || !operation)
      throw refusal(stack, 'has no rollback to continue');
    this.track(stack, operation.rollBack(), operation);
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
    const { environment } = this;
    const end = deleteStack({
      stack,
      environment,
      retain,
      interrupted: interrupted?.end,
      clientRequestToken,
    });
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
    return !stack.deployment || !isEqual(essence(stack.deployment), essence(deployment));
  }

  /** Whether such a change makes a new copy of a resource. */
  isReplaced(type: string, before: Properties, after: Properties): boolean {
    return needsReplacement(this.resourceType(type), after, before);
  }

  private start(stack: Stack, run: (operation: Operation) => Promise<void>, deployment: Deployment): void {
    const operation = new Operation(stack, deployment, this.environment);
    this.track(stack, run(operation), operation);
  }

  private track(stack: Stack, end: Promise<void>, operation?: Operation): void {
    const running = { operation, end };
    this.running.set(stack, running);
    const finish = () => {
      if (this.running.get(stack) === running) this.running.delete(stack);
      if (operation && stack.status === 'UPDATE_ROLLBACK_FAILED') this.unfinished.set(stack, operation);
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

  private checkExports(stack: Stack, names: readonly string[]): void {
    for (const other of this.othersOf(stack)) {
      const taken = other.outputs.find(
        ({ exportName }) => exportName !== undefined && names.includes(exportName),
      );
      if (taken)
        throw new Error(`Export with name ${taken.exportName} is already exported by stack ${other.name}`);
    }
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

function refusal({ id, status }: Stack, what: string): AwsError {
  return invalid(`Stack:${id} is in ${status} state and ${what}.`);
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
