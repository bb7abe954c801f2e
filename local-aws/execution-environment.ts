import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { bodyOf, type Endpoint, isLoopback, listen } from './endpoint';

/** One event for one environment. */
export interface Invocation {
  readonly requestId: string;
  readonly functionArn: string;
  readonly payload: string;
}

/** What the function answered; `errorType` is set when it failed. */
export interface InvocationResult {
  readonly payload: string;
  readonly errorType?: string;
}

export interface EnvironmentOptions {
  /** The folder with the function's code. */
  readonly taskRoot: string;
  /** All variables of the process but the address of the Runtime API. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly onLogLine: (line: string) => void;
}

const initTimeoutMs = 10_000;
const runtimeClient = join(dirname(require.resolve('aws-lambda-ric/package.json')), 'index.mjs');
const addon = join(__dirname, 'rapid-client.cjs');

/**
 * A process of its own that runs AWS's runtime client and the function's code, with its own Runtime API, as
 * Lambda gives each environment. It takes one event at a time.
 */
export class ExecutionEnvironment {
  private current: { invocation: Invocation; settle: (result: InvocationResult) => void } | undefined;
  private polling: ServerResponse | undefined;
  private timer: NodeJS.Timeout | undefined;
  private going = false;
  private gone = false;

  private constructor(
    private readonly options: EnvironmentOptions,
    private readonly process: ChildProcess,
  ) {}

  static async start(options: EnvironmentOptions): Promise<ExecutionEnvironment> {
    let environment: ExecutionEnvironment | undefined;
    const server = createServer((request, response) => {
      environment?.answer(request, response).catch(() => response.destroy());
    });
    const runtimeApi = await listen(server);
    environment = new ExecutionEnvironment(options, launch(options, runtimeApi.url));
    environment.watch(runtimeApi);
    return environment;
  }

  /** Whether an event may be given to it. */
  get idle(): boolean {
    return !this.going && !this.current;
  }

  /** Whether its process has ended. */
  get ended(): boolean {
    return this.gone;
  }

  /** Runs one event to its end: an answer, an error, the time-out or the end of the process. */
  invoke(invocation: Invocation): Promise<InvocationResult> {
    if (!this.idle) throw new Error('expected an idle environment, got a busy one or one that has ended');
    return new Promise(settle => {
      this.current = { invocation, settle };
      this.options.onLogLine(`START RequestId: ${invocation.requestId} Version: $LATEST`);
      if (this.polling) this.deliver(this.polling);
      else this.limit(initTimeoutMs);
    });
  }

  /** Ends the process at once, whatever it is doing. */
  async kill(): Promise<void> {
    if (this.gone) return;
    this.going = true;
    const closed = once(this.process, 'close');
    this.process.kill('SIGKILL');
    await closed;
  }

  private watch(runtimeApi: Endpoint): void {
    for (const stream of [this.process.stdout, this.process.stderr]) {
      if (stream) this.collect(stream);
    }
    // without a listener a failed spawn would end this process; 'close' follows and settles the event
    this.process.on('error', error => this.options.onLogLine(String(error)));
    this.process.on('close', (code, signal) => {
      this.going = this.gone = true;
      const cause = signal ? `signal: ${signal === 'SIGKILL' ? 'killed' : signal}` : `exit status ${code}`;
      this.fail('Runtime.ExitError', `Runtime exited with error: ${cause}`);
      runtimeApi.close();
    });
  }

  private collect(stream: Readable): void {
    createInterface({ input: stream }).on('line', this.options.onLogLine);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isLoopback(request.headers.host)) {
      response.writeHead(403).end();
      return;
    }
    const body = (await bodyOf(request)).toString('utf8');
    const path = request.url?.replace('/2018-06-01/runtime/', '');
    const id = this.current?.invocation.requestId;
    if (path === 'invocation/next') this.offer(response);
    else if (path === 'init/error') accept(response, () => this.endInit(body));
    else if (id && path === `invocation/${id}/response`)
      accept(response, () => this.settle({ payload: body }));
    else if (id && path === `invocation/${id}/error`) accept(response, () => this.settle(failure(body)));
    else response.writeHead(404).end(`unknown Runtime API path ${request.url}`);
  }

  private offer(response: ServerResponse): void {
    this.polling = response;
    if (this.current) this.deliver(response);
  }

  private deliver(response: ServerResponse): void {
    if (!this.current) return;
    const { requestId, functionArn, payload } = this.current.invocation;
    const timeoutMs = this.options.timeoutSeconds * 1000;
    this.polling = undefined;
    this.limit(timeoutMs);
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': requestId,
        'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
        'lambda-runtime-invoked-function-arn': functionArn,
        'lambda-runtime-trace-id': 'Root=1-00000000-000000000000000000000000;Sampled=0',
      })
      .end(payload);
  }

  private endInit(body: string): void {
    // the runtime client ends its process after this; no further event may reach it
    this.going = true;
    this.settle(failure(body));
  }

  private limit(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.kill();
      this.fail('Sandbox.Timedout', `Task timed out after ${(ms / 1000).toFixed(2)} seconds`);
    }, ms);
  }

  private fail(errorType: string, reason: string): void {
    if (!this.current) return;
    const { requestId } = this.current.invocation;
    this.options.onLogLine(`${new Date().toISOString()} ${requestId} ${reason}`);
    const errorMessage = `RequestId: ${requestId} Error: ${reason}`;
    this.settle({ errorType, payload: JSON.stringify({ errorType, errorMessage }) });
  }

  private settle(result: InvocationResult): void {
    if (!this.current) return;
    const { invocation, settle } = this.current;
    this.current = undefined;
    clearTimeout(this.timer);
    this.options.onLogLine(`END RequestId: ${invocation.requestId}`);
    settle(result);
  }
}

function launch({ taskRoot, variables }: EnvironmentOptions, runtimeApi: string): ChildProcess {
  return spawn(process.execPath, ['--require', addon, runtimeClient], {
    cwd: taskRoot,
    env: { ...variables, AWS_LAMBDA_RUNTIME_API: new URL(runtimeApi).host },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function accept(response: ServerResponse, then: () => void): void {
  response.writeHead(202).end('{"status":"OK"}');
  then();
}

function failure(body: string): InvocationResult {
  return { payload: body, errorType: /"errorType":\s*"([^"]*)"/.exec(body)?.[1] ?? 'Unhandled' };
}
