/** The page's configuration: `clientConfig` of the key. */
export interface CaptchaConfig {
  readonly apiKey: string;
  readonly scriptUrl: string;
  readonly tokenDomains?: readonly string[];
}

/** What ended a puzzle without a token: a kind of AWS's `CaptchaError`, or the puzzle's time. */
export type FailureKind =
  | 'internal_error'
  | 'network_error'
  | 'token_error'
  | 'client_error'
  | 'puzzle_timeout'
  | 'token_refused';

export class CaptchaFailure extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
  ) {
    super(message);
  }
}

/** What happens while a puzzle is on the page. */
export interface PuzzleEvents {
  /** A puzzle is there to be solved: the first one, or the next after a wrong answer. */
  readonly onLoad: () => void;
  readonly onCorrect: () => void;
  readonly onIncorrect: () => void;
}

// AWS WAF Developer Guide, "CAPTCHA JavaScript API specification" and "Intelligent threat API specification"
interface CaptchaError extends Error {
  readonly kind: 'internal_error' | 'network_error' | 'token_error' | 'client_error';
  readonly statusCode?: number;
}

interface CaptchaOptions {
  readonly apiKey: string;
  readonly onSuccess: (wafToken: string) => void;
  readonly onError?: (error: CaptchaError) => void;
  readonly onLoad?: () => void;
  readonly onPuzzleTimeout?: () => void;
  readonly onPuzzleCorrect?: () => void;
  readonly onPuzzleIncorrect?: () => void;
  readonly dynamicWidth?: boolean;
  readonly skipTitle?: boolean;
}

declare global {
  interface Window {
    AwsWafCaptcha?: { renderCaptcha(container: Element, options: CaptchaOptions): void };
    AwsWafIntegration?: { fetch: typeof fetch };
    awsWafCookieDomainList?: readonly string[];
  }
}

/** Gets the configuration that the deployment wrote, and tells the developer where it does not fit this page. */
export async function loadConfig(url: string): Promise<CaptchaConfig> {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`expected the CAPTCHA's configuration at ${url}, got status ${response.status}`);
  const config: CaptchaConfig = await response.json();
  warnDeveloper(config);
  return config;
}

/** Whether AWS WAF asks for a CAPTCHA before it lets this request through. */
export function asksForCaptcha(response: Response): boolean {
  return response.status === 405;
}

/** Calls the guarded API; once the script is there, with the token on calls to other hosts too. */
export function fetchGuarded(url: string): Promise<Response> {
  return window.AwsWafIntegration ? window.AwsWafIntegration.fetch(url) : fetch(url);
}

/** Shows a puzzle in `container` until it is solved. Rejects with a `CaptchaFailure`. */
export async function solvePuzzle(
  container: Element,
  config: CaptchaConfig,
  events: PuzzleEvents,
): Promise<void> {
  await loadScript(config);
  const { AwsWafCaptcha } = window;
  if (!AwsWafCaptcha)
    throw new CaptchaFailure('internal_error', `${config.scriptUrl} defines no AwsWafCaptcha`);
  let over = false;
  const unlessOver = (event: () => void) => () => {
    if (!over) event();
  };
  await new Promise<void>((resolve, reject) => {
    AwsWafCaptcha.renderCaptcha(container, {
      apiKey: config.apiKey,
      dynamicWidth: true,
      skipTitle: true,
      onLoad: unlessOver(events.onLoad),
      onPuzzleCorrect: unlessOver(events.onCorrect),
      onPuzzleIncorrect: unlessOver(events.onIncorrect),
      onPuzzleTimeout: () =>
        reject(new CaptchaFailure('puzzle_timeout', 'the puzzle was not solved in time')),
      onError: ({ kind, statusCode, message }) =>
        reject(new CaptchaFailure(kind, `${message}${statusCode ? ` (status ${statusCode})` : ''}`)),
      onSuccess: () => resolve(),
    });
  }).finally(() => {
    over = true;
    container.replaceChildren();
  });
}

let script: Promise<void> | undefined;

/** Adds the script to the page, once for all puzzles; again after it could not be loaded. */
function loadScript(config: CaptchaConfig): Promise<void> {
  script ??= addScript(config).catch(error => {
    script = undefined;
    throw error;
  });
  return script;
}

function addScript(config: CaptchaConfig): Promise<void> {
  // the script reads the list as it starts; set later, it would not count
  const domains = domainsOfThisPage(config);
  if (domains?.length) window.awsWafCookieDomainList = domains;
  return new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = config.scriptUrl;
    element.onload = () => resolve();
    element.onerror = () => {
      element.remove();
      reject(new CaptchaFailure('network_error', `${config.scriptUrl} could not be loaded`));
    };
    document.head.append(element);
  });
}

/** Those of the key's domains that this page is on or below. */
function domainsOfThisPage({ tokenDomains }: CaptchaConfig): string[] | undefined {
  const { hostname } = window.location;
  return tokenDomains?.filter(domain => hostname === domain || hostname.endsWith(`.${domain}`));
}

function warnDeveloper(config: CaptchaConfig): void {
  const { hostname } = window.location;
  if (domainsOfThisPage(config)?.length === 0) {
    console.error(
      `CAPTCHA: the key is for ${config.tokenDomains?.join(', ')}, this page is on ${hostname}. ` +
        `Add ${hostname}, or a domain above it, to tokenDomains of the WafCaptchaApiKey and of the web ACL.`,
    );
  }
  if (!window.isSecureContext) {
    console.error(`CAPTCHA: a puzzle needs HTTPS. Open https://${hostname} instead.`);
  }
  document.addEventListener('securitypolicyviolation', ({ blockedURI, effectiveDirective }) => {
    if (!/^https:\/\/[^/]+\.awswaf\.com\//.test(blockedURI)) return;
    console.error(
      `CAPTCHA: this page's content security policy blocks ${blockedURI}. ` +
        `Add https://*.awswaf.com to ${effectiveDirective} (connect-src, script-src and script-src-elem need it).`,
    );
  });
}
