import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { CloudFormationCustomResourceResponse as Answer } from 'aws-lambda';
import { type Endpoint, startEndpoint } from '../../local-aws/endpoint';
import type { QuotaOptions } from '../../local-aws/quota';
import type { Service, ServiceResponse } from '../../local-aws/service';
import { systemClock } from '../../local-aws/system-clock';
import { Wafv2 } from '../../local-aws/wafv2';
import type { ColdStart, Ending } from './cold-start';
import type { Rival } from './rivals';

const REGION = 'eu-west-1';
const TOKEN = `arn:aws:lambda:${REGION}:111122223333:function:handler`;
const STACK_ID = `arn:aws:cloudformation:${REGION}:111122223333:stack/bench/00000000-0000-11f0-9c0a-0a1b2c3d4e5f`;
const RESPONSES = '/response/';
const TIMEOUT_MS = 120_000;

/** What CloudFormation asks for; the stage adds the names and the address of the answer. */
export interface Request {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: object;
  readonly OldResourceProperties?: object;
}

/** One event, handled by a fresh process. */
export interface Performance {
  /** from the process's start until the handler's module was about to be loaded, in milliseconds */
  readonly bootMs: number;
  /** the loading of the module */
  readonly initMs: number;
  /** from then until the answer had arrived */
  readonly workMs: number;
  /** the processor's time for both, all threads; other processes do not count in it */
  readonly cpuMs: number;
  readonly maximumRssMb: number;
  readonly answer: Answer | undefined;
  /** the operations called, such as `wafv2 CreateAPIKey`, in order */
  readonly calls: readonly string[];
}

/** A loopback endpoint, and processes that load a handler and call it once. */
export class Stage {
  private calls: string[] = [];
  private readonly answers = new Map<string, (answer: Answer) => void>();
  private userFunction: { readonly rival: Rival; readonly node: string } | undefined;
  private endpoint: Endpoint | undefined;
  private readonly waf: Wafv2;

  private constructor(
    private readonly harness: string,
    quota: QuotaOptions | 'unlimited' | undefined,
  ) {
    this.waf = new Wafv2({ clock: systemClock, random: Math.random, quota });
  }

  /** `harness` is the bundled `cold-start.ts`; without a `quota` WAF's own holds. */
  static async open(harness: string, quota?: QuotaOptions | 'unlimited'): Promise<Stage> {
    const stage = new Stage(harness, quota);
    stage.endpoint = await startEndpoint({
      signed: {
        wafv2: stage.counted('wafv2', stage.waf.service),
        lambda: stage.counted('lambda', request => stage.invoke(request.body.toString())),
      },
      unsigned: { [RESPONSES]: ({ path, body }) => stage.accept(path, body.toString()) },
    });
    return stage;
  }

  async close(): Promise<void> {
    await this.endpoint?.close();
  }

  /** Gives one event to a rival in a fresh process of the given Node. */
  async perform(rival: Rival, request: Request, node: string): Promise<Performance> {
    this.calls = [];
    this.userFunction = rival.userFunction && { rival: rival.userFunction, node };
    const event = this.event(rival, request);
    const answered = this.answerTo(event.RequestId);
    const child = this.launch(rival, [event], node);
    const ended = endingOf(child);
    const answer = await Promise.race([answered, ended.then(() => undefined)]);
    const answeredAt = performance.timeOrigin + performance.now();
    const { startedAt, bootedAt, initializedAt, cpuMs, maximumRssMb } = await reportOf(child);
    return {
      bootMs: bootedAt - startedAt,
      initMs: initializedAt - bootedAt,
      workMs: answeredAt - initializedAt,
      cpuMs,
      maximumRssMb,
      answer,
      calls: this.calls,
    };
  }

  /** Gives events to a rival, all at once in one process; resolves to the answers. */
  async performAtOnce(rival: Rival, requests: readonly Request[]): Promise<Answer[]> {
    const events = requests.map(request => this.event(rival, request));
    const answers = Promise.all(events.map(({ RequestId }) => this.answerTo(RequestId)));
    const child = this.launch(rival, events, process.execPath);
    await endingOf(child);
    child.kill();
    return answers;
  }

  private event(rival: Rival, request: Request) {
    const { ResourceProperties, OldResourceProperties } = request;
    const RequestId = randomUUID();
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const properties = (wanted: object) => ({ ServiceToken: TOKEN, ...rival.properties(wanted) });
    return {
      ...request,
      ResourceProperties: properties(ResourceProperties),
      ...(OldResourceProperties && { OldResourceProperties: properties(OldResourceProperties) }),
      RequestId,
      ServiceToken: TOKEN,
      ResponseURL: `${this.url}${RESPONSES}${RequestId}?X-Amz-Date=${time}&X-Amz-Expires=7200`,
      StackId: STACK_ID,
      LogicalResourceId: 'CaptchaKey',
      ResourceType: 'Custom::WafCaptchaApiKey',
    };
  }

  private launch(rival: Rival, events: readonly object[], node: string): ChildProcess {
    const file = `${this.harness}.${randomUUID()}.json`;
    writeFileSync(file, JSON.stringify(events));
    return spawn(node, [this.harness], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        ...lambdaVariables(this.url),
        ...rival.variables,
        BENCH_MODULE: rival.module,
        BENCH_HANDLER: rival.handler,
        BENCH_EVENTS: file,
      },
    });
  }

  private get url(): string {
    if (!this.endpoint) throw new Error('expected an open endpoint, got none');
    return this.endpoint.url;
  }

  private counted(service: string, answer: Service): Service {
    return request => {
      const target = request.headers['x-amz-target']?.split('.')[1];
      const action = new URLSearchParams(request.body.toString()).get('Action');
      this.calls.push(`${service} ${target ?? action ?? 'Invoke'}`);
      return answer(request);
    };
  }

  private answerTo(requestId: string): Promise<Answer> {
    return new Promise(resolve => this.answers.set(requestId, resolve));
  }

  private async accept(path: string, body: string): Promise<ServiceResponse> {
    const answer: Answer = JSON.parse(body);
    this.answers.get(path.slice(RESPONSES.length))?.(answer);
    return { status: 200 };
  }

  /** A synchronous invocation of the user's function: a second cold start. */
  private async invoke(event: string): Promise<ServiceResponse> {
    if (!this.userFunction) throw new Error('expected a rival with a function of the user, got another');
    const { rival, node } = this.userFunction;
    const child = this.launch(rival, [JSON.parse(event)], node);
    const { result, error } = await endingOf(child);
    child.kill();
    if (error !== undefined) throw new Error(error);
    return { status: 200, body: JSON.stringify(result ?? {}) };
  }
}

function lambdaVariables(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'ASIALOCAL',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    TZ: ':UTC',
    // the SDK's advice on old versions of Node is not what is measured
    NODE_NO_WARNINGS: '1',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}

function endingOf(child: ChildProcess): Promise<Ending> {
  const ended = new Promise<Ending>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('expected the handler to end, got silence')), TIMEOUT_MS);
    child.once('message', message => resolve(message as Ending));
    child.once('exit', code => reject(new Error(`expected an answer, got the process's end with ${code}`)));
    child.once('error', reject);
    for (const event of ['message', 'exit', 'error']) child.once(event, () => clearTimeout(timer));
  });
  // whoever has the answer does not wait for the ending
  ended.catch(() => undefined);
  return ended;
}

function reportOf(child: ChildProcess): Promise<ColdStart> {
  return new Promise((resolve, reject) => {
    child.on('message', message => {
      if (isColdStart(message)) resolve(message);
    });
    child.once('exit', code => reject(new Error(`expected a report, got the process's end with ${code}`)));
    child.send('report');
  });
}

function isColdStart(message: unknown): message is ColdStart {
  return typeof message === 'object' && message !== null && 'initializedAt' in message;
}
