import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListAPIKeysCommand, WAFV2Client } from '@aws-sdk/client-wafv2';
import { runCdk } from '../local-aws/cdk-cli';
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
    title(`Deploy with ${firstDomains.join(', ')}`);
    const first = await deploy(aws, firstDomains, signal);
    expectKeys(await listKeys(aws), [{ apiKey: first, domains: firstDomains }]);

    title(`Deploy again with ${moreDomains.join(', ')}: a key is immutable, so it is replaced`);
    const second = await deploy(aws, moreDomains, signal);
    if (second === first) throw new Error('expected another key after the change of domains, got the same');
    expectKeys(await listKeys(aws), [{ apiKey: second, domains: moreDomains }]);
    console.log(`The former key, ${shown(first)}, is gone.`);

    title('Destroy');
    await cdk(aws, ['destroy', '--force', ...context(moreDomains)], signal);
    expectKeys(await listKeys(aws), []);
    console.log(closingWords);
  } finally {
    await aws.close();
  }
}

const closingWords = `
No key is left.

Real: the cdk CLI and its default synthesizer, the template and the asset, the handler's bundle under AWS's own
      runtime client (its compiled addon aside) in processes of their own, the AWS SDK and its wire format.
Imitated: STS, SSM, S3, CloudFormation, Lambda's service side and WAF, by local-aws/ on 127.0.0.1; IAM
      policies and signatures are not checked, and the key opens no real CAPTCHA.
`;

async function deploy(aws: LocalAws, domains: readonly string[], signal: AbortSignal): Promise<string> {
  const file = join(aws.environment.TMPDIR ?? '', 'outputs.json');
  const options = ['--require-approval', 'never', '--outputs-file', file, ...context(domains)];
  await cdk(aws, ['deploy', ...options], signal);
  const outputs: unknown = JSON.parse(await readFile(file, 'utf8'));
  const { APIKey } = Object.values(outputs as Record<string, { APIKey?: string }>)[0] ?? {};
  if (!APIKey) throw new Error(`expected the stack output APIKey, got ${JSON.stringify(outputs)}`);
  return APIKey;
}

function context(domains: readonly string[]): string[] {
  return ['-c', `tokenDomains=${domains.join(',')}`];
}

async function cdk(aws: LocalAws, args: readonly string[], signal: AbortSignal): Promise<void> {
  const onOutput = (text: string) => process.stdout.write(text);
  const { exitCode } = await runCdk(args, { environment: aws.environment, cwd: root, onOutput, signal });
  if (exitCode !== 0) throw new Error(`expected cdk ${args[0]} to succeed, got exit code ${exitCode}`);
}

async function listKeys(aws: LocalAws): Promise<ListedKey[]> {
  const client = new WAFV2Client({
    endpoint: aws.url,
    region: aws.settings.AWS_REGION,
    credentials: { accessKeyId: 'AKIALOCAL', secretAccessKey: 'local' },
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
  console.log(`\nListAPIKeys: ${listed.length === 1 ? 'one key' : `${listed.length} keys`}`);
  for (const { apiKey, domains } of listed) console.log(`  ${shown(apiKey)} for ${domains.join(', ')}`);
  const [got, wanted] = [listed, expected].map(keys => JSON.stringify(keys.map(sorted)));
  if (got !== wanted) throw new Error(`expected the keys ${wanted}, got ${got}`);
}

function sorted({ apiKey, domains }: ListedKey): ListedKey {
  return { apiKey, domains: [...domains].sort() };
}

function shown(apiKey: string): string {
  return `${apiKey.slice(0, 12)}…${apiKey.slice(-8)}`;
}

function title(text: string): void {
  console.log(`\n=== ${text}\n`);
}

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
