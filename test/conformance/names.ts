import { randomBytes } from 'node:crypto';

const PREFIX = 'captcha-key-conformance-';

/** The names of one run of the suite, by which what a broken one leaves is found. */
export interface RunNames {
  /** How the names of its stacks begin. */
  readonly stackPrefix: string;
  readonly observer: string;
  /** The domain below which all of its keys are. */
  readonly domain: string;
}

export function newRun(): RunNames {
  const run = randomBytes(4).toString('hex');
  return {
    stackPrefix: `${PREFIX}${run}-`,
    observer: `${PREFIX}${run}-observer`,
    domain: `${PREFIX}${run}.example.com`,
  };
}

/** How the names of the stacks of any run begin. */
export const ANY_STACK_PREFIX = PREFIX;

/** What the suite tries as a token domain, beside one of the run. */
export const ODD_DOMAINS = ['localhost', '192.0.2.1', 'github.io', 'co.uk'];

/** Whether a key was created by any run: all of its domains are below the label of one, but odd ones beside them. */
export function isKeyOfAnyRun(tokenDomains: readonly string[]): boolean {
  const isOfRun = (domain: string) => isBelowAnyRun.test(domain);
  return (
    tokenDomains.some(isOfRun) &&
    tokenDomains.every(domain => isOfRun(domain) || ODD_DOMAINS.includes(domain.toLowerCase()))
  );
}

const isBelowAnyRun = new RegExp(`\\.${PREFIX}[0-9a-f]{8}\\.example\\.com$`, 'i');

/** Whether one of a key's domains is below this one. */
export function isBelow(parent: string): (tokenDomains: readonly string[]) => boolean {
  return tokenDomains => tokenDomains.some(domain => domain.toLowerCase().endsWith(`.${parent}`));
}
