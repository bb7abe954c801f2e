import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { stackEvents } from '../../../local-aws/cdk-cli';
import { type LocalAws, startLocalAws } from '../../../local-aws/local-aws';
import { ApiElsewhereStack } from '../../recipes/api-elsewhere';
import { handler } from '../api';
import { bundledPage } from '../bundles';
import { CaptchaSite } from '../captcha-site';
import { CONFIG_FILE } from '../page-contract';
import { CaptchaService } from './captcha-service';
import { deployConfig } from './deployed-config';
import { distributionOf, type Origin } from './distribution';
import { type Answers, json } from './http';
import { files, functionUrl, type LocalServer, serve } from './servers';
import { templateOf } from './template';

export interface SiteDemoOptions {
  /** Ends the demo. */
  readonly signal: AbortSignal;
  /** Whether to check once what is served, and end. */
  readonly check: boolean;
  /** Whether the API is on another origin than the page. */
  readonly apiOnAnotherOrigin: boolean;
}

// browsers treat it as a secure context; the API is on another loopback host
const PAGE_HOST = 'localhost';
const API_HOST = '127.0.0.1';
const INTEGRATION_PATH = '/aws-waf/';

/** Deploys a key, and serves the page of `examples/captcha-site` with it until the signal is aborted. */
export async function demonstrateSite({ signal, check, apiOnAnotherOrigin }: SiteDemoOptions): Promise<void> {
  let aws: LocalAws | undefined;
  let [page, api]: [Answers | undefined, Answers | undefined] = [undefined, undefined];
  let config = '';
  const captcha = new CaptchaService({
    domainsOf: apiKey => aws?.waf.keys().find(key => key.apiKey === apiKey)?.tokenDomains,
    now: Date.now,
    random: Math.random,
  });
  const notYet = json(503, { message: 'the site is not deployed yet' });
  const servers: LocalServer[] = [];
  const open = async (answers: Answers) => {
    const server = await serve(answers);
    servers.push(server);
    return server.port;
  };
  try {
    // as behind a distribution that terminates TLS
    const pagePort = await open(request =>
      request.path.startsWith(INTEGRATION_PATH)
        ? captcha.answer(request)
        : (page?.({ ...request, scheme: 'https' }) ?? notYet),
    );
    const apiPort = await open(request => api?.({ ...request, scheme: 'https' }) ?? notYet);
    const pageUrl = `http://${PAGE_HOST}:${pagePort}`;
    const apiUrl = apiOnAnotherOrigin ? `http://${API_HOST}:${apiPort}` : undefined;

    aws = await startLocalAws({ waf: { integrationUrl: () => `${pageUrl}${INTEGRATION_PATH}local/` } });
    const folder = aws.environment.TMPDIR ?? '';
    const tokenDomains = [PAGE_HOST];
    console.log('\nDeploy the key and the configuration of the page\n\n$ cdk deploy');
    const onOutput = stackEvents(line => console.log(`  ${line}`));
    const deployed = await deployConfig(aws, { tokenDomains, onOutput, signal });
    config = JSON.stringify({ ...JSON.parse(deployed), apiUrl });

    // CloudFormation will not see these templates
    process.env.CDK_VALIDATION = 'false';
    await mkdir(join(folder, 'page'));
    const app = new App({ outdir: join(folder, 'cdk.out') });
    const filesPort = await open(files(bundledPage(join(folder, 'page')), () => ({ [CONFIG_FILE]: config })));
    const functionPort = await open(functionUrl(handler));
    const portOf = (origin: Origin) => ('S3OriginConfig' in origin ? filesPort : functionPort);
    const served = (stack: Stack) => distributionOf(templateOf(stack), { captcha, portOf });
    const env = { region: 'us-east-1' };
    const site = new CaptchaSite(app, 'Site', {
      env,
      domains: tokenDomains,
      certificateArn: CERTIFICATE,
      apiUrl,
    });
    const apiProps = { env, tokenDomains, pageOrigins: [pageUrl], apiHost: 'api-origin.example.com' };
    const apiElsewhere = apiUrl && new ApiElsewhereStack(app, 'Api', apiProps);
    [page, api] = [served(site), apiElsewhere ? served(apiElsewhere) : undefined];

    if (check) await lookAt(pageUrl, apiUrl ?? pageUrl, config);
    else await untilEnded(pageUrl, apiUrl, signal);
  } finally {
    await Promise.all(servers.map(server => server.close()));
    await aws?.close();
  }
}

// nothing uses it here: there is no TLS
const CERTIFICATE = 'arn:aws:acm:us-east-1:111111111111:certificate/00000000-0000-0000-0000-000000000000';

async function untilEnded(pageUrl: string, apiUrl: string | undefined, signal: AbortSignal): Promise<void> {
  console.log(`
The page is at ${pageUrl}; stop it with Ctrl-C.
${apiUrl ? `Its API is at ${apiUrl}, another origin.\n` : ''}
Real: the deployment by the cdk CLI, the key's configuration from the stack's output, the page with its content
      security policy, and the rules, CORS headers and paths in the templates of examples/.
Imitated, on 127.0.0.1 without TLS: AWS, including the script, the puzzle, the web ACL and CloudFront.
`);
  if (signal.aborted) return;
  await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
}

/** Requests what a visitor's browser would. */
async function lookAt(pageUrl: string, apiUrl: string, config: string): Promise<void> {
  const { scriptUrl }: { scriptUrl: string } = JSON.parse(config);
  const origin = { origin: pageUrl };
  await expectStatus(200, `${pageUrl}/`);
  await expectStatus(200, `${pageUrl}/style.css`);
  await expectStatus(200, `${pageUrl}/main.js`);
  await expectStatus(200, `${pageUrl}/${CONFIG_FILE}`);
  await expectStatus(200, scriptUrl);
  const refused = await expectStatus(405, `${apiUrl}/api/phone-number`, { headers: origin });
  if (apiUrl === pageUrl) return;
  const preflight = await expectStatus(204, `${apiUrl}/api/phone-number`, {
    method: 'OPTIONS',
    headers: origin,
  });
  for (const { headers } of [refused, preflight]) {
    const allowed = headers.get('access-control-allow-origin');
    if (allowed !== pageUrl) throw new Error(`expected CORS headers for ${pageUrl}, got ${allowed}`);
  }
}

async function expectStatus(expected: number, url: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  console.log(`${response.status} ${init?.method ?? 'GET'} ${url}`);
  if (response.status !== expected) {
    throw new Error(`expected status ${expected} from ${url}, got ${response.status}`);
  }
  return response;
}
