import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCdk } from '../../../local-aws/cdk-cli';
import type { LocalAws } from '../../../local-aws/local-aws';

export interface ConfigDeployment {
  readonly tokenDomains: readonly string[];
  /** Whether to skip the change set and the synthesizer's check of the whole template. @default false */
  readonly quick?: boolean;
  readonly onOutput?: (text: string) => void;
  readonly signal?: AbortSignal;
}

const root = join(__dirname, '..', '..', '..');

/** Deploys `examples/page-config` with the real CLI, and returns its output, the page's configuration, as JSON. */
export async function deployConfig(aws: LocalAws, deployment: ConfigDeployment): Promise<string> {
  const { tokenDomains, quick = false, onOutput, signal } = deployment;
  const file = join(aws.environment.TMPDIR ?? '', 'page-config.json');
  const args = [
    'deploy',
    ...['--app', 'npx tsx examples/page-config/app.ts', '--require-approval', 'never'],
    ...['--outputs-file', file, '--context', `tokenDomains=${tokenDomains.join(',')}`],
    ...(quick ? ['--method', 'direct'] : []),
  ];
  const { exitCode, output } = await runCdk(args, {
    environment: { ...aws.environment, CDK_VALIDATION: String(!quick) },
    cwd: root,
    onOutput,
    signal,
  });
  if (exitCode !== 0) throw new Error(`expected cdk deploy to succeed, got exit code ${exitCode}: ${output}`);
  const outputs: Record<string, Record<string, string>> = JSON.parse(await readFile(file, 'utf8'));
  const config = outputs.PageConfig?.ClientConfig;
  if (!config) throw new Error(`expected the stack output ClientConfig, got ${JSON.stringify(outputs)}`);
  return config;
}
