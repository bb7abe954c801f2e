import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListAPIKeysCommand, WAFV2Client } from '@aws-sdk/client-wafv2';
import { runCdk, stackEvents } from '../local-aws/cdk-cli';
import { type LocalAws, startLocalAws } from '../local-aws/local-aws';
import { endRequested } from '../local-aws/signals';
import { demonstrateSite } from './captcha-site/local/demo';

const root = join(__dirname, '..');
const firstDomains = ['example.com', 'shop.example.com'];
const moreDomains = [...firstDomains, 'blog.example.com'];

interface ListedKey {
  readonly apiKey: string;
  readonly domains: readonly string[];
}

/** Deploys the first example twice and destroys it, each time by the real CLI, and checks what is left. */
async function main(): Promise<void> {
  const signal = endRequested();
  const aws = await startLocalAws();
  try {
    title('1. Deploy a stack with one key', `for ${firstDomains.join(', ')}`);
    const first = await deploy(aws, firstDomains, signal);
    expectKeys(await listKeys(aws), [{ apiKey: first, domains: firstDomains }]);

    title('2. Add a domain and deploy again', 'A key is immutable, so CloudFormation replaces it.');
    const second = await deploy(aws, moreDomains, signal);
    if (second === first) throw new Error('expected another key after the change of domains, got the same');
    expectKeys(await listKeys(aws), [{ apiKey: second, domains: moreDomains }]);
    console.log(
      `The output changed from ${shown(first)} to ${shown(second)}, and the previous key is deleted.`,
    );

    title('3. Destroy the stack', 'The key is deleted with it.');
    await cdk(aws, ['destroy', '--force', ...context(moreDomains)], signal);
    expectKeys(await listKeys(aws), []);
    console.log(closingWords);
  } finally {
    await aws.close();
  }
}

const closingWords = `
Real: the cdk CLI, the template and its asset, the handler's bundle in processes of its own, the AWS SDK.
Imitated, on 127.0.0.1: AWS itself, so the key opens no real CAPTCHA. docs/local-aws.md has the details.
`;

async function deploy(aws: LocalAws, domains: readonly string[], signal: AbortSignal): Promise<string> {
  const file = join(aws.environment.TMPDIR ?? '', 'outputs.json');
  const options = ['--require-approval', 'never', '--outputs-file', file, ...context(domains)];
  await cdk(aws, ['deploy', ...options], signal);
  const outputs: unknown = JSON.parse(await readFile(file, 'utf8'));
  const { APIKey, ScriptUrl } = Object.values(outputs as Record<string, Partial<StackOutputs>>)[0] ?? {};
  if (!APIKey) throw new Error(`expected the stack output APIKey, got ${JSON.stringify(outputs)}`);
  console.log(`\nOutputs: APIKey     ${shown(APIKey)} (${APIKey.length} characters)`);
  console.log(`         ScriptUrl  ${ScriptUrl}`);
  return APIKey;
}

interface StackOutputs {
  readonly APIKey: string;
  readonly ScriptUrl: string;
}

function context(domains: readonly string[]): string[] {
  return ['-c', `tokenDomains=${domains.join(',')}`];
}

/** Runs the CLI and shows the stack's events, the rest only where it fails. */
async function cdk(aws: LocalAws, args: readonly string[], signal: AbortSignal): Promise<void> {
  console.log(`$ cdk ${args[0]}`);
  const onOutput = stackEvents(line => console.log(`  ${line}`));
  const options = { environment: aws.environment, cwd: root, onOutput, signal };
  const { exitCode, output } = await runCdk(args, options);
  if (exitCode === 0) return;
  throw new Error(`expected cdk ${args[0]} to succeed, got exit code ${exitCode}\n${output}`);
}

async function listKeys(aws: LocalAws): Promise<ListedKey[]> {
  const client = new WAFV2Client({
    endpoint: aws.url,
    region: aws.settings.AWS_REGION,
    credentials: aws.credentials,
  });
  try {
    const { APIKeySummaries = [] } = await client.send(new ListAPIKeysCommand({ Scope: 'REGIONAL' }));
    return APIKeySummaries.map(({ APIKey = '', TokenDomains = [] }) => ({
      apiKey: APIKey,
      domains: TokenDomains,
    }));
  } finally {
    client.destroy();
  }
}

function expectKeys(listed: readonly ListedKey[], expected: readonly ListedKey[]): void {
  const keys = listed.map(({ apiKey, domains }) => `${shown(apiKey)} for ${domains.join(', ')}`);
  console.log(`\nAWS WAF lists: ${keys.join('; ') || 'no key'}`);
  const [got, wanted] = [listed, expected].map(keys => JSON.stringify(keys.map(sorted)));
  if (got !== wanted) throw new Error(`expected the keys ${wanted}, got ${got}`);
}

function sorted({ apiKey, domains }: ListedKey): ListedKey {
  return { apiKey, domains: [...domains].sort() };
}

function shown(apiKey: string): string {
  return `${apiKey.slice(0, 12)}…${apiKey.slice(-8)}`;
}

function title(text: string, more: string): void {
  console.log(`\n${text}\n   ${more}\n`);
}

// as in the environments that local AWS describes: nobody can act on the SDK's warning here
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const options = process.argv.slice(2);
const demo = options.includes('--site')
  ? demonstrateSite({
      signal: endRequested(),
      check: options.includes('--check'),
      apiOnAnotherOrigin: options.includes('--api-on-another-origin'),
    })
  : main();
demo.catch(error => {
  console.error(String(error));
  process.exitCode = 1;
});
