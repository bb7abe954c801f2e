import { randomUUID } from 'node:crypto';
import { deliver } from './asynchronous-event';
import { AwsError, jsonError } from './aws-error';
import type { Clock } from './clock';
import { answersOnlyOverHttps, unzipped, writeFiles } from './code-archive';
import type { Credentials } from './credentials';
import { ExecutionEnvironment, type Invocation, type InvocationResult } from './execution-environment';
import type { EventInvokeConfiguration, FunctionConfiguration, Functions } from './lambda-function';
import type { Service, ServiceRequest, ServiceResponse } from './service';

export interface LambdaOptions {
  readonly accountId: string;
  readonly clock: Clock;
  /** A folder of its own for unzipped code. */
  readonly folder: string;
  /** The zip archive behind a function's code. */
  readonly readObject: (bucket: string, key: string) => Uint8Array;
  /** Those of every function's environment. */
  readonly credentials: Required<Credentials>;
  /** Takes each line of a function's log as it is written. */
  readonly onLogLine?: (functionName: string, line: string) => void;
  /** Variables that every environment gets besides those that Lambda sets, e.g. the endpoint. */
  readonly variables: () => Readonly<Record<string, string>>;
}

/** One finished attempt to run an event. */
export interface Attempt {
  readonly functionName: string;
  readonly requestId: string;
  readonly attempt: number;
  readonly errorType: string | undefined;
}

interface DeployedFunction {
  readonly configuration: FunctionConfiguration;
  readonly arn: string;
  readonly taskRoot: string;
}

interface RunningEnvironment {
  readonly environment: ExecutionEnvironment;
  readonly deployed: DeployedFunction;
}

/** Lambda: functions from zip archives, run in processes under AWS's own runtime client. */
export class Lambda implements Functions {
  /** Every finished attempt, in order. */
  readonly attempts: Attempt[] = [];
  private readonly functions = new Map<string, DeployedFunction>();
  private readonly eventInvokeConfigs = new Map<string, EventInvokeConfiguration>();
  private readonly logs = new Map<string, string[]>();
  private readonly closing = new AbortController();
  private readonly runs = new Set<Promise<unknown>>();
  private running: RunningEnvironment[] = [];

  constructor(private readonly options: LambdaOptions) {}

  readonly service: Service = async request => {
    try {
      return await this.invoke(request);
    } catch (error) {
      if (error instanceof AwsError) return jsonError(error);
      throw error;
    }
  };

  async put(configuration: FunctionConfiguration): Promise<string> {
    const { functionName, region, code } = configuration;
    const arn = `arn:aws:lambda:${region}:${this.options.accountId}:function:${functionName}`;
    const present = this.functions.get(functionName)?.configuration.region ?? region;
    if (present !== region)
      throw new Error(`expected ${functionName} in one Region, got ${present} and ${region}`);
    const files = unzipped(this.options.readObject(code.bucket, code.key));
    if (answersOnlyOverHttps(files)) {
      const why = 'its code answers CloudFormation over https only, and response URLs are http here';
      throw new Error(`local aws does not run the custom resources of ${functionName}: ${why}`);
    }
    const taskRoot = await writeFiles(this.options.folder, files);
    this.functions.set(functionName, { configuration, arn, taskRoot });
    await this.endIdle();
    return arn;
  }

  async delete(functionName: string): Promise<void> {
    this.functions.delete(functionName);
    await this.endIdle();
  }

  putEventInvokeConfig(functionName: string, configuration: EventInvokeConfiguration): void {
    this.eventInvokeConfigs.set(functionName, configuration);
  }

  deleteEventInvokeConfig(functionName: string): void {
    this.eventInvokeConfigs.delete(functionName);
  }

  async invokeAsynchronously(functionArn: string, payload: string): Promise<void> {
    const { configuration } = this.existing(functionArn);
    // an event that is queued in vain would keep CloudFormation waiting for an hour
    refuseOtherRuntime(configuration);
    // nobody waits for an asynchronous event; its failures are attempts and log lines
    this.deliver(configuration.functionName, payload).catch(error => {
      if (!this.closing.signal.aborted) this.logLine(configuration.functionName, String(error));
    });
  }

  /** What the function's environments wrote, and the platform's own lines; the last may lag behind an answer. */
  logLines(functionName: string): readonly string[] {
    return this.logs.get(functionName) ?? [];
  }

  /** Kills every environment of the function, in the midst of its event; resolves to how many there were. */
  async killEnvironments(functionName: string): Promise<number> {
    const killed = this.running.filter(
      ({ deployed }) => deployed.configuration.functionName === functionName,
    );
    await Promise.all(killed.map(({ environment }) => environment.kill()));
    return killed.length;
  }

  /** Ends every environment and drops the events that wait. */
  async close(): Promise<void> {
    this.closing.abort(new Error('lambda is closing'));
    await Promise.all(this.running.map(({ environment }) => environment.kill()));
    await Promise.allSettled(this.runs);
  }

  private async deliver(functionName: string, payload: string): Promise<void> {
    const requestId = randomUUID();
    await deliver({
      clock: this.options.clock,
      signal: this.closing.signal,
      config: () => this.eventInvokeConfigs.get(functionName),
      run: async attempt => {
        const deployed = this.functions.get(functionName);
        if (!deployed) return false;
        const { errorType } = await this.run(deployed, payload, requestId);
        this.attempts.push({ functionName, requestId, attempt, errorType });
        return errorType !== undefined;
      },
    });
  }

  private run(deployed: DeployedFunction, payload: string, requestId: string): Promise<InvocationResult> {
    const run = this.runUntracked(deployed, { requestId, functionArn: deployed.arn, payload });
    this.runs.add(run);
    return run.finally(() => this.runs.delete(run));
  }

  private async runUntracked(deployed: DeployedFunction, invocation: Invocation): Promise<InvocationResult> {
    // nothing may come between finding an idle environment and giving it the event
    const idle = this.running.find(one => one.deployed === deployed && one.environment.idle)?.environment;
    const environment = idle ?? (await this.start(deployed));
    if (!idle) this.running.push({ environment, deployed });
    const result = environment.invoke(invocation);
    if (this.closing.signal.aborted) await environment.kill();
    await result;
    if (!this.isCurrent(deployed)) await environment.kill();
    return result;
  }

  private start(deployed: DeployedFunction): Promise<ExecutionEnvironment> {
    this.running = this.running.filter(({ environment }) => !environment.ended);
    const { functionName, timeoutSeconds } = deployed.configuration;
    return ExecutionEnvironment.start({
      taskRoot: deployed.taskRoot,
      variables: { ...this.options.variables(), ...lambdaVariables(deployed, this.options.credentials) },
      timeoutSeconds,
      onLogLine: line => this.logLine(functionName, line),
    });
  }

  private isCurrent(deployed: DeployedFunction): boolean {
    return this.functions.get(deployed.configuration.functionName) === deployed;
  }

  private async endIdle(): Promise<void> {
    const outdated = this.running.filter(
      ({ environment, deployed }) => environment.idle && !this.isCurrent(deployed),
    );
    await Promise.all(outdated.map(({ environment }) => environment.kill()));
  }

  private existing(nameOrArn: string): DeployedFunction {
    const deployed = this.functions.get(nameOrArn.split(':').at(-1) ?? '');
    if (deployed && (nameOrArn === deployed.arn || !nameOrArn.includes(':'))) return deployed;
    throw new AwsError('ResourceNotFoundException', `Function not found: ${nameOrArn}`, 404);
  }

  private logLine(functionName: string, line: string): void {
    const lines = this.logs.get(functionName) ?? [];
    this.logs.set(functionName, lines);
    lines.push(line);
    this.options.onLogLine?.(functionName, line);
  }

  private async invoke({ method, path, headers: sent, body }: ServiceRequest): Promise<ServiceResponse> {
    const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(path)?.[1];
    if (method !== 'POST' || !name) {
      throw new AwsError('NotImplemented', `local aws does not imitate lambda ${method} ${path}`, 501);
    }
    const type = sent['x-amz-invocation-type'] ?? 'RequestResponse';
    const payload = body.toString('utf8') || '{}';
    if (type === 'Event') {
      await this.invokeAsynchronously(name, payload);
      return { status: 202 };
    }
    if (type !== 'RequestResponse') {
      throw new AwsError('NotImplemented', `local aws does not imitate lambda Invoke with ${type}`, 501);
    }
    const deployed = this.existing(name);
    refuseOtherRuntime(deployed.configuration);
    const result = await this.run(deployed, payload, randomUUID());
    const headers = { 'x-amz-executed-version': '$LATEST' };
    const failed = { ...headers, 'x-amz-function-error': 'Unhandled' };
    return { status: 200, headers: result.errorType ? failed : headers, body: result.payload };
  }
}

function refuseOtherRuntime({ functionName, runtime }: FunctionConfiguration): void {
  if (runtime.startsWith('nodejs')) return;
  throw new AwsError('NotImplemented', `local aws does not run ${runtime} (${functionName})`, 501);
}

function lambdaVariables(
  { configuration, taskRoot }: DeployedFunction,
  { accessKeyId, secretAccessKey, sessionToken }: Required<Credentials>,
): Record<string, string> {
  const { functionName, region, handler, runtime, memorySizeMb, environment, logGroup } = configuration;
  return {
    // the two are not Lambda's: the process must be found, and must not see the user's home folder
    PATH: process.env.PATH ?? '',
    HOME: taskRoot,
    ...environment,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memorySizeMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: `[$LATEST]${randomUUID().replaceAll('-', '')}`,
    LAMBDA_TASK_ROOT: taskRoot,
    _HANDLER: handler,
    TZ: ':UTC',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    LANG: 'en_US.UTF-8',
  };
}
