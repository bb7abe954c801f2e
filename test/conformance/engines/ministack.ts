import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { runCdk } from '../../../local-aws/cdk-cli';
import { childEnvironment } from '../../../local-aws/child-environment';
import type { Engine } from './engine';
import { credentialsIn, startLocalAwsProcess } from './local-aws';

const run = promisify(execFile);
const root = join(__dirname, '..', '..', '..');
const requirements = join(__dirname, 'ministack-requirements.txt');
const launcher = join(__dirname, 'ministack-launcher.py');
const wafTarget = 'AWSWAF_20190729.';
const startTimeoutMs = 60_000;

// read in the source of 1.5.33, and seen in the suite's recordings
const DEPARTURES = [
  'one resource is created or updated after another, so that a failure never finds another in progress',
  'a rollback sends a replaced custom resource no Update: it deletes the new copy, while the entry still shows it, and ' +
    'then restores the old entry',
  'the clean-up after an update runs in UPDATE_IN_PROGRESS, and its deletions have no events',
  'the id of a response with FAILED is forgotten: nothing is deleted for it',
  'response URLs carry no date, and no event has properties',
  'only events that complete something carry an id',
  'the entry that a rollback restores has its old time stamp, and no event names it',
  'UpdateStack is refused in UPDATE_FAILED',
];

/** The first Python that MiniStack runs on: 3.12 or later. */
export async function findPython(): Promise<string | undefined> {
  const names = ['python3.14', 'python3.13', 'python3.12', 'python3'];
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...(await pyenvFolders())];
  for (const name of names) {
    for (const folder of folders) {
      const python = join(folder, name);
      if (await isNewEnough(python)) return python;
    }
  }
  return undefined;
}

/** MiniStack for all but WAF, whose four operations local AWS answers. */
export async function openMiniStack(
  folder: string,
  region: string,
  python: string,
  signal: AbortSignal,
): Promise<Engine> {
  const installed = await install(python);
  const local = await startLocalAwsProcess(folder, region);
  const closers = [local.close];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const port = await freePort();
    const { accessKeyId } = credentialsIn(local.settings);
    const router = await startRouter(local.url, accessKeyId, `http://127.0.0.1:${port}`);
    closers.push(router.close);
    const settings = { ...local.settings, AWS_ENDPOINT_URL: router.url };
    const environment = childEnvironment(settings, folder);
    closers.push(await launch(installed, environment, port));
    await bootstrap(environment, signal);
    return {
      name: 'ministack',
      region,
      environment,
      client: { region, endpoint: router.url, credentials: credentialsIn(settings) },
      readEveryMs: 250,
      holdSeconds: 2,
      cliTimeoutMs: 10 * 60_000,
      listLagMs: 0,
      remarks: [
        'MiniStack 1.5.33: STS, S3, SSM, IAM, CloudFormation and Lambda; WAF by local AWS, through a router',
        'MiniStack waits for a function to return before it reads the response: a launcher has it invoke asynchronously',
      ],
      departures: DEPARTURES,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function pyenvFolders(): Promise<string[]> {
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  try {
    return (await readdir(versions)).map(version => join(versions, version, 'bin'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function isNewEnough(python: string): Promise<boolean> {
  try {
    await access(python);
    await run(python, ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 12))']);
    return true;
  } catch {
    // not there, a shim of a version that is not chosen, too old, or without venv: the next one
    return false;
  }
}

/** A virtual environment beside the other caches, made once for these requirements; resolves to its Python. */
async function install(python: string): Promise<string> {
  const { stdout: version } = await run(python, ['--version']);
  const pins = await readFile(requirements, 'utf8');
  const name = createHash('sha256')
    .update(version + pins)
    .digest('hex')
    .slice(0, 16);
  const environment = join(root, 'node_modules', '.cache', 'conformance', `ministack-${name}`);
  const installed = join(environment, 'bin', 'python');
  const complete = join(environment, 'complete');
  try {
    await access(complete);
  } catch {
    await rm(environment, { recursive: true, force: true });
    await run(python, ['-m', 'venv', environment]);
    const options = ['--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary', ':all:'];
    await run(installed, ['-m', 'pip', 'install', ...options, '--requirement', requirements]);
    await mkdir(complete);
  }
  return installed;
}

async function launch(
  python: string,
  environment: Readonly<Record<string, string>>,
  port: number,
): Promise<() => Promise<void>> {
  const child = spawn(python, [launcher], {
    cwd: environment.TMPDIR,
    env: {
      ...environment,
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      // it would listen on every interface
      IOT_MTLS_ENABLED: '0',
      LAMBDA_EXECUTOR: 'local',
    },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output = (output + text).slice(-20_000);
    });
  }
  const closed = once(child, 'close');
  const close = async () => {
    // its workers are in its process group
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await closed;
  };
  for (const until = Date.now() + startTimeoutMs; !(await answers(port)); await setTimeout(200)) {
    if (child.exitCode === null && Date.now() < until) continue;
    await close();
    throw new Error(`expected MiniStack to start, got\n${output}`);
  }
  return close;
}

async function answers(port: number): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${port}/_ministack/health`);
    return true;
  } catch {
    // nothing listens yet
    return false;
  }
}

async function bootstrap(environment: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
  const args = ['bootstrap', `aws://000000000000/${environment.AWS_REGION}`, '--app', ''];
  const { exitCode, output } = await runCdk(args, { environment, cwd: environment.TMPDIR ?? root, signal });
  if (exitCode !== 0) throw new Error(`expected cdk bootstrap to succeed, got ${exitCode}\n${output}`);
}

/** Sends WAF's operations to one address and all else to another. */
async function startRouter(
  waf: string,
  wafAccessKeyId: string,
  others: string,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    const { headers } = incoming;
    const isWaf = String(headers['x-amz-target']).startsWith(wafTarget);
    // local AWS takes the key of whoever started it alone, and MiniStack's functions have one of their own
    if (isWaf)
      headers.authorization = headers.authorization?.replace(
        /Credential=[^/]+/,
        `Credential=${wafAccessKeyId}`,
      );
    forward(incoming, outgoing, isWaf ? waf : others);
  });
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  const url = `http://127.0.0.1:${await portOf(server)}`;
  return {
    url,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, target: string): void {
  const { method, headers, url = '/' } = incoming;
  const onward = httpRequest(target + url, { method, headers }, response => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await portOf(server);
  await new Promise(resolve => server.close(resolve));
  return port;
}

async function portOf(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}
