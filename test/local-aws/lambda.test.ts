import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { strToU8, zipSync } from 'fflate';
import { newCredentials } from '../../local-aws/credentials';
import { Lambda } from '../../local-aws/lambda';
import type { FunctionConfiguration } from '../../local-aws/lambda-function';
import { ManualClock } from './manual-clock';
import { isRunning, until } from './until';

// processes take their own time; everything else stands still until a test moves the clock
jest.setTimeout(30_000);

const counting = `
  let count = 0;
  exports.handler = async event => ({ event, count: ++count, pid: process.pid });`;
const failing = `exports.handler = async () => { throw new TypeError('wrong'); };`;
const endless = `exports.handler = () => new Promise(() => setInterval(() => {}, 1000));`;
const waiting = `
  const { existsSync, writeFileSync } = require('node:fs');
  exports.handler = async ({ announce, until }) => {
    writeFileSync(announce, '');
    while (!existsSync(until)) await new Promise(resolve => setTimeout(resolve, 10));
    return process.pid;
  };`;

let folder: string;
let clock: ManualClock;
let lambda: Lambda;
let code: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lambda-test-'));
  clock = new ManualClock();
  lambda = new Lambda({
    accountId: '123456789012',
    credentials: newCredentials().role,
    clock,
    folder: join(folder, 'functions'),
    readObject: () => zipSync({ 'index.js': strToU8(code) }),
    variables: () => ({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }),
  });
});

afterEach(async () => {
  await lambda.close();
  await rm(folder, { recursive: true });
});

/** Resolves to the function's ARN. */
function deploy(source: string, changes: Partial<FunctionConfiguration> = {}): Promise<string> {
  code = source;
  return lambda.put({
    functionName: 'f',
    region: 'eu-west-1',
    handler: 'index.handler',
    runtime: 'nodejs24.x',
    timeoutSeconds: 20,
    memorySizeMb: 256,
    environment: { OWN: 'variable' },
    roleArn: 'arn:aws:iam::123456789012:role/r',
    logGroup: '/aws/lambda/f',
    code: { bucket: 'assets', key: 'code.zip' },
    ...changes,
  });
}

/** The code of one of aws-cdk-lib's own custom resource functions. */
function codeOf(handler: string): string {
  const root = dirname(require.resolve('aws-cdk-lib/package.json'));
  return readFileSync(join(root, 'custom-resource-handlers/dist', handler, 'index.js'), 'utf8');
}

async function invoke(event: unknown, headers: Record<string, string> = {}, path = 'f/invocations') {
  const {
    status,
    headers: answered,
    body,
  } = await lambda.service({
    service: 'lambda',
    region: 'eu-west-1',
    method: 'POST',
    path: `/2015-03-31/functions/${path}`,
    query: new URLSearchParams(),
    headers,
    body: Buffer.from(JSON.stringify(event)),
  });
  const text = Buffer.from(body ?? '').toString();
  return { status, error: answered?.['x-amz-function-error'], payload: text ? JSON.parse(text) : undefined };
}

describe('an environment', () => {
  test('runs the code and is used again when it is idle', async () => {
    await deploy(counting);
    const first = await invoke({ ä: 1 });
    const second = await invoke({});
    expect(first).toEqual({
      status: 200,
      error: undefined,
      payload: { event: { ä: 1 }, count: 1, pid: expect.any(Number) },
    });
    expect(second.payload).toMatchObject({ count: 2, pid: first.payload.pid });
  });

  test('takes one event at a time: a second event gets a second environment', async () => {
    await deploy(waiting);
    const [a, b, go] = [join(folder, 'a'), join(folder, 'b'), join(folder, 'go')];
    const runs = [a, b].map(announce => invoke({ announce, until: go }));
    await until(() => existsSync(a) && existsSync(b));
    await writeFile(go, '');
    const [first, second] = await Promise.all(runs);
    expect(first?.payload).not.toBe(second?.payload);
  });

  test('sees what Lambda sets and nothing of this process', async () => {
    process.env.OF_THE_TEST = 'secret';
    await deploy('exports.handler = async () => process.env;');
    const { payload } = await invoke({});
    delete process.env.OF_THE_TEST;
    expect(payload).toMatchObject({
      OWN: 'variable',
      AWS_REGION: 'eu-west-1',
      AWS_LAMBDA_FUNCTION_NAME: 'f',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/f',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      _HANDLER: 'index.handler',
      LAMBDA_TASK_ROOT: expect.stringContaining(folder),
      HOME: expect.stringContaining(folder),
    });
    expect(payload).not.toHaveProperty('OF_THE_TEST');
    expect(payload).not.toHaveProperty('NODE_ENV');
  });

  test('gives the context that the handler needs', async () => {
    await deploy(`exports.handler = async (event, context) => ({
      arn: context.invokedFunctionArn, left: context.getRemainingTimeInMillis() });`);
    const { payload } = await invoke({});
    expect(payload.arn).toBe('arn:aws:lambda:eu-west-1:123456789012:function:f');
    expect(payload.left).toBeGreaterThan(15_000);
    expect(payload.left).toBeLessThanOrEqual(20_000);
  });

  test('survives an error of the function', async () => {
    await deploy(`let count = 0;
      exports.handler = async () => { if (++count === 1) throw new TypeError('wrong'); return count; };`);
    const first = await invoke({});
    expect(first).toMatchObject({
      error: 'Unhandled',
      payload: { errorType: 'TypeError', errorMessage: 'wrong' },
    });
    expect((await invoke({})).payload).toBe(2);
  });

  test('belongs to one function', async () => {
    await deploy(counting);
    await invoke({});
    await deploy('exports.handler = async () => "other";', { functionName: 'g' });
    expect((await invoke({}, {}, 'g/invocations')).payload).toBe('other');
  });

  test('is killed at the time-out', async () => {
    const pidFile = join(folder, 'pid');
    await deploy(`require('node:fs').writeFileSync(process.env.PID_FILE, String(process.pid)); ${endless}`, {
      timeoutSeconds: 1,
      environment: { PID_FILE: pidFile },
    });
    const { error, payload } = await invoke({});
    const pid = Number(await readFile(pidFile, 'utf8'));
    await until(() => !isRunning(pid));
    expect([error, payload.errorMessage]).toEqual([
      'Unhandled',
      expect.stringContaining('Task timed out after 1.00 seconds'),
    ]);
  });

  test('that exits fails its event, and the next event gets a new one', async () => {
    await deploy(`let count = 0;
      exports.handler = async ({ exit }) => { count++; if (exit) process.exit(3); return count; };`);
    expect((await invoke({ exit: true })).payload.errorMessage).toContain('exit status 3');
    expect((await invoke({})).payload).toBe(1);
  });

  test('whose code does not load fails its event', async () => {
    await deploy('throw new RangeError("at load");');
    expect((await invoke({})).payload).toMatchObject({ errorType: 'RangeError', errorMessage: 'at load' });
    expect((await invoke({})).payload).toMatchObject({ errorType: 'RangeError' });
  });

  test('can be killed in the midst of an event', async () => {
    await deploy(waiting);
    const announce = join(folder, 'started');
    const run = invoke({ announce, until: 'never' });
    await until(() => existsSync(announce));
    expect(await lambda.killEnvironments('f')).toBe(1);
    expect((await run).payload.errorMessage).toContain('signal: killed');
  });

  test('of old code accepts no more events', async () => {
    await deploy(counting);
    const { pid } = (await invoke({})).payload;
    await deploy('exports.handler = async () => "new";');
    expect((await invoke({})).payload).toBe('new');
    expect(isRunning(pid)).toBe(false);
  });

  test('writes lines to the log', async () => {
    await deploy(`exports.handler = async () => { console.log('said'); process.stderr.write('cried\\n'); };`);
    await invoke({});
    await lambda.close();
    expect(lambda.logLines('f')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^START RequestId: /),
        expect.stringContaining('said'),
        'cried',
        expect.stringMatching(/^END RequestId: /),
      ]),
    );
  });

  test('ends with Lambda, busy or idle', async () => {
    await deploy(counting);
    const { pid } = (await invoke({})).payload;
    await lambda.close();
    expect(isRunning(pid)).toBe(false);
  });
});

describe('an asynchronous event', () => {
  const errors = () => lambda.attempts.map(({ attempt, errorType }) => [attempt, errorType]);

  const attempted = async (count: number) => {
    await until(() => lambda.attempts.length === count);
    // the decision about a further attempt follows in the same turn
    await setImmediate();
  };

  test('is tried three times, one and two minutes apart, under one request id', async () => {
    const arn = await deploy(failing);
    await lambda.invokeAsynchronously(arn, '{}');
    await attempted(1);
    clock.advance(59_999);
    expect(clock.sleeping).toBe(1);
    clock.advance(1);
    await attempted(2);
    clock.advance(119_999);
    expect(clock.sleeping).toBe(1);
    clock.advance(1);
    await attempted(3);
    expect(clock.sleeping).toBe(0);
    expect(errors()).toEqual([0, 1, 2].map(attempt => [attempt, 'TypeError']));
    expect(new Set(lambda.attempts.map(({ requestId }) => requestId)).size).toBe(1);
  });

  test('is not tried again after success', async () => {
    const arn = await deploy(counting);
    await lambda.invokeAsynchronously(arn, '{}');
    await attempted(1);
    expect(clock.sleeping).toBe(0);
    expect(errors()).toEqual([[0, undefined]]);
  });

  test('is tried as often as its configuration says', async () => {
    const arn = await deploy(failing);
    lambda.putEventInvokeConfig('f', { maximumRetryAttempts: 0 });
    await lambda.invokeAsynchronously(arn, '{}');
    await attempted(1);
    expect(clock.sleeping).toBe(0);
  });

  test('is dropped at its maximum age', async () => {
    const arn = await deploy(failing);
    lambda.putEventInvokeConfig('f', { maximumEventAgeSeconds: 60 });
    await lambda.invokeAsynchronously(arn, '{}');
    await attempted(1);
    clock.advance(60_001);
    await setImmediate();
    await lambda.close();
    expect(lambda.logLines('f').filter(line => line.startsWith('START'))).toHaveLength(1);
  });

  test('for a function that does not exist is refused', async () => {
    const arn = await deploy(counting);
    await lambda.delete('f');
    await expect(lambda.invokeAsynchronously(arn, '{}')).rejects.toThrow(`Function not found: ${arn}`);
  });

  test('for the same name in another Region is refused', async () => {
    const arn = (await deploy(counting)).replace('eu-west-1', 'us-east-1');
    await expect(lambda.invokeAsynchronously(arn, '{}')).rejects.toThrow(`Function not found: ${arn}`);
  });

  test('is accepted over the API before it has run', async () => {
    await deploy(counting);
    expect(await invoke({}, { 'x-amz-invocation-type': 'Event' })).toMatchObject({ status: 202 });
    await until(() => lambda.attempts.length === 1);
  });
});

test('refuses other operations and forms of Invoke by name', async () => {
  await deploy(counting);
  const dryRun = await invoke({}, { 'x-amz-invocation-type': 'DryRun' });
  const other = await invoke({}, {}, 'f/configuration');
  const missing = await invoke({}, {}, 'g/invocations');
  expect(dryRun.payload.message).toBe('local aws does not imitate lambda Invoke with DryRun');
  expect(other.payload.message).toContain(
    'does not imitate lambda POST /2015-03-31/functions/f/configuration',
  );
  expect(missing).toMatchObject({ status: 404, payload: { __type: 'ResourceNotFoundException' } });
});

test('refuses one function name in two Regions, which it could not tell apart', async () => {
  await deploy(counting);
  const elsewhere = deploy(counting, { region: 'us-east-1' });
  await expect(elsewhere).rejects.toThrow('expected f in one Region, got eu-west-1 and us-east-1');
});

test('refuses an archive that reaches out of its folder', async () => {
  const reaching = new Lambda({
    accountId: '123456789012',
    credentials: newCredentials().role,
    clock,
    folder: join(folder, 'functions'),
    readObject: () => zipSync({ '../../outside.js': strToU8('') }),
    variables: () => ({}),
  });
  lambda = reaching;
  await expect(deploy('')).rejects.toThrow('expected a path inside the archive, got ../../outside.js');
  expect(await readdir(folder)).toEqual(['functions']);
});

test('an event for another runtime than Node.js is refused by its name', async () => {
  const arn = await deploy(counting, { runtime: 'python3.13' });
  const refusal = 'local aws does not run python3.13 (f)';
  await expect(lambda.invokeAsynchronously(arn, '{}')).rejects.toThrow(refusal);
  expect(await invoke({})).toMatchObject({ status: 501, payload: { message: refusal } });
});

describe('code that answers CloudFormation', () => {
  test.each(['custom-resources/aws-custom-resource-handler', 'core/nodejs-entrypoint-handler'])(
    'over https only is refused by name: %s',
    async handler => {
      await expect(deploy(codeOf(handler))).rejects.toThrow(
        'local aws does not run the custom resources of f: its code answers CloudFormation over https only',
      );
    },
  );

  test('over http too is taken', async () => {
    const both = `require("node:http"); require('https'); exports.handler = async e => e.ResponseURL;`;
    await expect(deploy(both)).resolves.toMatch(/:function:f$/);
  });

  test('is not what every code that loads https is', async () => {
    await expect(deploy(`require('https'); exports.handler = async () => 1;`)).resolves.toMatch(/:f$/);
  });
});
