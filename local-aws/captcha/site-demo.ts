import { join } from 'node:path';
import { handler } from '../../examples/captcha-site/api';
import { bundledPage } from '../../examples/captcha-site/bundles';
import { CONFIG_FILE, CONTENT_SECURITY_POLICY } from '../../examples/captcha-site/page-contract';
import { type LocalAws, startLocalAws } from '../local-aws';
import { CaptchaService } from './captcha-service';
import { deployConfig } from './deployed-config';
import { integrationPath, type Site, type SiteServer, serveSite } from './site-server';

export interface SiteDemoOptions {
  /** Ends the demo. */
  readonly signal: AbortSignal;
  /** Look once at what is served, and end. */
  readonly check: boolean;
}

const domains = ['localhost'];

/** Deploys a key, and serves the page of `examples/captcha-site` with it until the signal comes. */
export async function demonstrateSite({ signal, check }: SiteDemoOptions): Promise<void> {
  let aws: LocalAws | undefined;
  let site: Site | undefined;
  const captcha = new CaptchaService({
    domainsOf: apiKey => aws?.waf.keys().find(key => key.apiKey === apiKey)?.tokenDomains,
    now: Date.now,
    random: Math.random,
  });
  const server = await serveSite(captcha, () => site);
  try {
    const integrationUrl = () => `${server.url}${integrationPath}local/`;
    aws = await startLocalAws({ waf: { integrationUrl } });
    const onOutput = (text: string) => process.stdout.write(text);
    const config = await deployConfig(aws, { tokenDomains: domains, onOutput, signal });
    site = {
      page: bundledPage(join(aws.environment.TMPDIR ?? '', 'page')),
      written: { [CONFIG_FILE]: config },
      securityPolicy: CONTENT_SECURITY_POLICY,
      webAclDomains: domains,
      api: handler,
    };
    if (check) await lookAt(server, config);
    else await untilEnded(server, signal);
  } finally {
    await server.close();
    await aws?.close();
  }
}

async function untilEnded({ url }: SiteServer, signal: AbortSignal): Promise<void> {
  console.log(`
The page is at ${url}; Ctrl-C ends it.

Real: the deployment by the cdk CLI, the key's configuration as the stack put it out, the page and its content
      security policy, as examples/captcha-site has them.
Imitated: AWS, and with it the script, the puzzle and the rule that asks for it: by local-aws/ on 127.0.0.1.
`);
  if (signal.aborted) return;
  await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
}

/** What a visitor's browser would ask for. */
async function lookAt({ url }: SiteServer, config: string): Promise<void> {
  const { scriptUrl }: { scriptUrl: string } = JSON.parse(config);
  const expected: Readonly<Record<string, number>> = {
    [`${url}/`]: 200,
    [`${url}/style.css`]: 200,
    [`${url}/main.js`]: 200,
    [`${url}/${CONFIG_FILE}`]: 200,
    [scriptUrl]: 200,
    [`${url}/api/phone-number`]: 405,
  };
  for (const [address, wanted] of Object.entries(expected)) {
    const { status } = await fetch(address);
    console.log(`${status} ${address}`);
    if (status !== wanted) throw new Error(`expected status ${wanted} from ${address}, got ${status}`);
  }
}
