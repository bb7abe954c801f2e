import {
  CloudFormation,
  type CloudFormationOptions,
  type DeploymentInput,
  type Engine,
  type Stack,
  type Variants,
} from '../../../local-aws/cloudformation';
import type { EventInvokeConfiguration, FunctionConfiguration } from '../../../local-aws/lambda-function';
import { seededRandom } from '../../virtual-account/seeded-random';
import { slowResource } from '../../virtual-account/slow-resource';
import { VirtualClock } from '../../virtual-account/virtual-clock';

/** A custom resource's event; fields that a request type lacks are empty. */
export interface CustomEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly RequestId: string;
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId: string;
  readonly ResourceType: string;
  readonly ServiceToken: string;
  readonly ResourceProperties: Readonly<Record<string, unknown>>;
  readonly OldResourceProperties: Readonly<Record<string, unknown>>;
}

/** What the scripted handler answers; `undefined` is silence, text and bytes are put as they are. */
export type Reply = Readonly<Record<string, unknown>> | string | undefined;
export interface Choices extends Partial<DeploymentInput> {
  /** @default 'app' */
  readonly name?: string;
  /** @default 'eu-west-1' */
  readonly region?: string;
}
export type Script = (event: CustomEvent) => Reply | Promise<Reply>;

export const handlerArn = 'arn:aws:lambda:eu-west-1:000000000000:function:handler';

/** An account in virtual time whose custom resources are handled by a script. */
export class ScriptedAccount {
  readonly clock = new VirtualClock(Date.UTC(2026, 10, 22));
  readonly parameters = new Map<string, string>();
  readonly events: CustomEvent[] = [];
  readonly functions: FunctionConfiguration[] = [];
  readonly eventInvokeConfigs: [string, EventInvokeConfiguration][] = [];
  readonly cloudFormation: CloudFormation;
  readonly objects = new Map<string, string>();
  /** May be changed between two deployments. */
  script: Script;

  constructor(
    script: Script = () => success('id'),
    variants: Partial<Variants> = {},
    options: Partial<CloudFormationOptions> = {},
  ) {
    this.script = script;
    const resourceTypes = new Map([['Test::Slow', slowResource(this.clock)]]);
    this.cloudFormation = new CloudFormation({
      accountId: '000000000000',
      clock: this.clock,
      random: seededRandom(1),
      functions: this.lambda(),
      parameters: byNameAlone(this.parameters),
      readObject: (bucket, key) => Buffer.from(this.objects.get(`${bucket}/${key}`) ?? ''),
      responseUrl: token => `http://127.0.0.1/responses/${token}`,
      resourceTypes,
      variants,
      ...options,
    });
  }

  /** Creates the stack, or updates it when there is one, and waits for the end of it. */
  async deploy(resources: object, sections: object = {}, input: Choices = {}): Promise<Stack> {
    const stack = this.begin(resources, sections, input);
    await this.settle(stack);
    return stack;
  }

  begin(resources: object, sections: object = {}, input: Choices = {}): Stack {
    const { engine } = this.cloudFormation;
    const template = JSON.stringify({ Resources: resources, ...sections });
    const { name = 'app', region = 'eu-west-1', ...more } = input;
    const found = engine.find(region, name);
    const stack = found ?? engine.addStack(region, name);
    if (found) engine.update(stack, { template, ...more });
    else engine.create(stack, { template, ...more });
    return stack;
  }

  /** Ends in the state that the operation which `start` begins leads to. */
  async after(stack: Stack, start: (engine: Engine) => void): Promise<void> {
    start(this.cloudFormation.engine);
    await this.settle(stack);
  }

  settle(stack: Stack): Promise<void> {
    return this.clock.run(this.cloudFormation.engine.settled(stack));
  }

  async delete(stack: Stack): Promise<void> {
    this.cloudFormation.engine.delete(stack);
    await this.settle(stack);
  }

  /** `Create`, `Update A`, `Delete B`: the events so far, with the ids they carry. */
  get history(): string[] {
    return this.events.map(({ RequestType, PhysicalResourceId = '' }) =>
      `${RequestType} ${PhysicalResourceId.replace(/-[0-9A-Z]{12}$/, '-invented')}`.trim(),
    );
  }

  answer(event: CustomEvent, reply: Exclude<Reply, undefined>): void {
    const { StackId, RequestId, LogicalResourceId } = event;
    const token = new URL(event.ResponseURL).pathname.split('/').at(-1) ?? '';
    const body =
      typeof reply === 'string' ? reply : JSON.stringify({ StackId, RequestId, LogicalResourceId, ...reply });
    this.cloudFormation.answer(token, Buffer.from(body));
  }

  private lambda(): CloudFormationOptions['functions'] {
    return {
      put: async configuration => {
        this.functions.push(configuration);
        return handlerArn.replace('handler', configuration.functionName);
      },
      delete: async () => undefined,
      putEventInvokeConfig: (name, configuration) => void this.eventInvokeConfigs.push([name, configuration]),
      deleteEventInvokeConfig: () => undefined,
      invokeAsynchronously: async (_arn, payload) => {
        const event: CustomEvent = JSON.parse(payload);
        this.events.push(event);
        void this.handle(event);
      },
    };
  }

  private async handle(event: CustomEvent): Promise<void> {
    const reply = await this.script(event);
    if (reply !== undefined) this.answer(event, reply);
  }
}

/** The same parameters in every Region. */
function byNameAlone(parameters: Map<string, string>): CloudFormationOptions['parameters'] {
  const nameOf = (key: string) => key.replace(/^\S+ /, '');
  return {
    get: key => parameters.get(nameOf(key)),
    has: key => parameters.has(nameOf(key)),
    set: (key, value) => parameters.set(nameOf(key), value),
    delete: key => parameters.delete(nameOf(key)),
  };
}

export function success(id: string, data?: object): Reply {
  return { Status: 'SUCCESS', PhysicalResourceId: id, Data: data };
}

export function failed(id?: string): Reply {
  return { Status: 'FAILED', Reason: 'no luck', PhysicalResourceId: id };
}

/** A custom resource whose only property of interest is `Domain`. */
export function key(domain: string, more: { readonly [attribute: string]: unknown } = {}) {
  const { Properties, ...attributes } = more;
  const properties = { ServiceToken: handlerArn, Domain: domain, ...(Properties ?? {}) };
  return { Type: 'Custom::Key', Properties: properties, ...attributes };
}

/** A parameter that SSM takes. */
export function parameter(value: unknown, more: object = {}) {
  return { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: value }, ...more };
}

/** A parameter that SSM refuses. */
export function brokenParameter(more: object = {}) {
  return parameter('', more);
}

/** Takes `Ms`, then fails if `Fails` is set. */
export function slow(Ms: number, more: object = {}) {
  return { Type: 'Test::Slow', Properties: { Ms, ...more } };
}
