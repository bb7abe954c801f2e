import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { childEnvironment } from '../../../local-aws/child-environment';
import type { Engine } from './engine';

const root = join(__dirname, '..', '..', '..');

/** A local AWS in a process of its own. */
export interface LocalAwsProcess {
  /** What it prints for the shell of a CDK app. */
  readonly settings: Readonly<Record<string, string>>;
  readonly url: string;
  close(): Promise<void>;
}

/** Runs `npm run local-aws` without npm, and reads the settings that it prints. */
export async function startLocalAwsProcess(folder: string, region: string): Promise<LocalAwsProcess> {
  const tsx = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs');
  const child = spawn(process.execPath, [tsx, 'local-aws/main.ts'], {
    cwd: root,
    env: { ...childEnvironment({}, folder), AWS_REGION: region },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  let output = '';
  const settings = await new Promise<Record<string, string>>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', text => {
      output += text;
      if (output.includes('Ctrl-C')) resolve(settingsIn(output));
    });
    // where the CLI looks for the cause of a failure, and does without; the rest matters only if it never starts
    child.stderr.setEncoding('utf8').on('data', text => {
      output += text;
    });
    child.on('close', code =>
      reject(new Error(`expected local AWS to start, got exit code ${code}\n${output}`)),
    );
  });
  return {
    settings,
    url: settings.AWS_ENDPOINT_URL ?? '',
    close: async () => {
      child.stdin.end();
      await closed;
    },
  };
}

export async function openLocalAws(folder: string, region: string): Promise<Engine> {
  const { settings, url, close } = await startLocalAwsProcess(folder, region);
  return {
    name: 'local',
    region,
    environment: childEnvironment(settings, folder),
    client: { region, endpoint: url, credentials: credentialsIn(settings) },
    readEveryMs: 250,
    holdSeconds: 2,
    cliTimeoutMs: 10 * 60_000,
    listLagMs: 0,
    remarks: [
      'local AWS: STS, SSM, S3, CloudFormation, Lambda and WAF by local-aws/, which this project wrote',
    ],
    departures: [],
    close,
  };
}

export function credentialsIn(settings: Readonly<Record<string, string>>) {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = settings;
  return { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
}

function settingsIn(output: string): Record<string, string> {
  const lines = output.matchAll(/^export (\w+)='([^']*)'$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
}
