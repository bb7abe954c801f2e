// Shows AWS WAF's CAPTCHA in your page, and calls APIs that a web ACL guards. It has no dependencies: copy the file.

/** The page's configuration: the key's `clientConfig`. */
export interface CaptchaConfig {
  readonly apiKey: string;
  readonly scriptUrl: string;
  readonly tokenDomains?: readonly string[];
}

/** How a puzzle looks: options of AWS's `renderCaptcha`. */
export interface PuzzleAppearance {
  /** A locale such as `de-DE`. @default - not passed on: the browser's language */
  readonly defaultLocale?: string;
  /** Hides the choice of languages. @default - not passed on: the choice is shown */
  readonly disableLanguageSelector?: boolean;
  /** Fits the puzzle to the window's width. @default true */
  readonly dynamicWidth?: boolean;
  /** Omits the puzzle's own heading, for pages that have one. @default true */
  readonly skipTitle?: boolean;
}

/** Callbacks for the stages of a puzzle. */
export interface PuzzleEvents {
  /** A puzzle is about to be shown. Make its container visible: it determines the puzzle's width. */
  readonly onStart?: () => void;
  /** A puzzle is ready to be solved: the first one, or the next one after a wrong answer. */
  readonly onLoad?: () => void;
  readonly onCorrect?: () => void;
  readonly onIncorrect?: () => void;
  /** The puzzle has left the page: it was solved, it failed or it was cancelled. */
  readonly onEnd?: () => void;
}

export interface CaptchaOptions extends PuzzleAppearance, PuzzleEvents {
  /** The configuration, or a function that gets it when it is needed. It is checked before each puzzle. */
  readonly config: CaptchaConfig | (() => CaptchaConfig | Promise<CaptchaConfig>);
  /** Where puzzles are shown. */
  readonly container: Element;
  /**
   * Shows a puzzle before the first call. Use it for an API on another origin that adds no CORS headers to AWS WAF's
   * responses: there, the page cannot see that AWS WAF asks for a puzzle.
   */
  readonly puzzleFirst?: boolean;
  /** Replaces the list that this module would set as `window.awsWafCookieDomainList`. */
  readonly cookieDomains?: readonly string[];
}

export interface Captcha {
  /**
   * `fetch` for APIs that a web ACL guards. If AWS WAF asks for a puzzle, the visitor solves it and the call is
   * repeated once, whatever its method and body. `init.signal` cancels the call and the puzzle.
   */
  fetchGuarded(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /** Shows a puzzle and resolves to the token, which another client can send as `x-aws-waf-token`. */
  solvePuzzle(signal?: AbortSignal): Promise<string>;
  /** Resolves to the visitor's current token, for the same use. It may be one without a solved puzzle. */
  getToken(signal?: AbortSignal): Promise<string>;
}

/** Why a call or a puzzle failed: a kind of AWS's `CaptchaError`, or one of this module's. */
export type FailureKind = CaptchaError['kind'] | 'config_error' | 'puzzle_timeout' | 'token_refused';

export class CaptchaFailure extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
  ) {
    super(message);
  }
}

// AWS WAF Developer Guide, "CAPTCHA JavaScript API specification" and "Intelligent threat API specification"
interface CaptchaError extends Error {
  readonly kind: 'internal_error' | 'network_error' | 'token_error' | 'client_error';
  readonly statusCode?: number;
}

interface RenderOptions extends PuzzleAppearance {
  readonly apiKey: string;
  readonly onSuccess: (wafToken: string) => void;
  readonly onError?: (error: CaptchaError) => void;
  readonly onLoad?: () => void;
  readonly onPuzzleTimeout?: () => void;
  readonly onPuzzleCorrect?: () => void;
  readonly onPuzzleIncorrect?: () => void;
}

declare global {
  interface Window {
    AwsWafCaptcha?: { renderCaptcha(container: Element, options: RenderOptions): void };
    AwsWafIntegration?: { getToken(): Promise<string> };
    awsWafCookieDomainList?: readonly string[];
  }
}

/** Fetches the configuration that the deployment published, including any other fields of the file. */
export async function loadConfig(
  url: string,
  signal?: AbortSignal,
): Promise<CaptchaConfig & Readonly<Record<string, unknown>>> {
  const response = await fetch(url, { signal });
  const action = response.headers.get(ACTION_HEADER);
  if (action !== null || !response.ok) {
    const got = action === null ? `status ${response.status}` : `a ${action}: exempt it from the rule`;
    throw failure('config_error', `expected a configuration at ${url}, got ${got}`);
  }
  const text = await response.text();
  if (text.trimStart().startsWith('<')) {
    throw failure(
      'config_error',
      `expected JSON at ${url}, got HTML: the file is missing, and the server sends a page instead`,
    );
  }
  return checkConfig(text, url);
}

/**
 * Checks a configuration, given as JSON or as an object, and warns about a page on which its key cannot work. `source`
 * is for error messages.
 */
export function checkConfig(
  config: Partial<CaptchaConfig> | string | null | undefined,
  source: string,
): CaptchaConfig & Readonly<Record<string, unknown>> {
  const given = typeof config === 'string' ? parsed(config, source) : config;
  const { apiKey, scriptUrl, tokenDomains } = given ?? {};
  const missing = Object.entries({ apiKey, scriptUrl }).flatMap(([name, value]) => (value ? [] : [name]));
  if (!apiKey || !scriptUrl) {
    throw failure(
      'config_error',
      `expected apiKey and scriptUrl in ${source}, got no ${missing.join(' and no ')}`,
    );
  }
  if (tokenDomains !== undefined && !Array.isArray(tokenDomains)) {
    throw failure('config_error', `expected a list as tokenDomains in ${source}, got ${typeof tokenDomains}`);
  }
  warnOfPage(tokenDomains);
  return { ...given, apiKey, scriptUrl };
}

function parsed(json: string, source: string): Partial<CaptchaConfig> | null {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw failure('config_error', `expected JSON in ${source}, got ${error}`);
  }
}

/** Shows puzzles in one place of the page. Concurrent calls share a puzzle. */
export function createCaptcha(options: CaptchaOptions): Captcha {
  watchPolicy();
  let shown: SharedPuzzle | undefined;
  const loadScript = async (signal?: AbortSignal) => {
    const given = typeof options.config === 'function' ? await options.config() : options.config;
    const config = checkConfig(given, 'the config of createCaptcha');
    await untilAborted(scriptOf(config, options), signal);
    return config;
  };

  async function solvePuzzle(signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    const puzzle = shown ?? new SharedPuzzle(async end => renderPuzzle(await loadScript(end), options, end));
    shown = puzzle;
    try {
      return await puzzle.join(signal);
    } finally {
      if (puzzle.isOver && shown === puzzle) shown = undefined;
    }
  }

  async function getToken(signal?: AbortSignal): Promise<string> {
    await loadScript(signal);
    // AWS's script loads the part that handles tokens by itself, later
    const integration = await untilThere(() => window.AwsWafIntegration, signal);
    return untilAborted(integration.getToken(), signal);
  }

  /** Resolves to `undefined` if a puzzle may help: the response may be AWS WAF's, without CORS headers. */
  async function send(request: Request, solved: boolean): Promise<Response | undefined> {
    const elsewhere = isElsewhere(request.url);
    const { origin } = new URL(request.url);
    // to the page's own host, the browser sends the token as a cookie
    if (elsewhere && hasTokenCookie()) {
      request.headers.set(TOKEN_HEADER, await getToken(request.signal));
    }
    calledOrigins.add(origin);
    try {
      return await fetch(request);
    } catch (error) {
      if (!elsewhere || request.signal.aborted) throw error;
      // the event that tells of a blocked call comes after the rejection
      await new Promise(resolve => setTimeout(resolve));
      if (blockedOrigins.has(origin)) throw error;
      if (options.puzzleFirst && !solved && !readableOrigins.has(origin)) return undefined;
      explainRejection(request, solved);
      throw error;
    }
  }

  async function fetchGuarded(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const { signal, url } = request;
    let [solved, challenged] = [false, false];
    const solve = async () => {
      if (solved) throw refusedToken('puzzle', url);
      solved = true;
      await solvePuzzle(signal);
    };
    if (options.puzzleFirst && !hasTokenCookie()) await solve();
    for (;;) {
      const response = await send(request.clone(), solved);
      const action = response ? wafActionOf(response, url) : 'captcha';
      if (response && action === undefined) return response;
      if (action === 'captcha') await solve();
      else if (challenged) throw refusedToken('challenge', url);
      else {
        challenged = true;
        await getToken(signal);
      }
    }
  }

  return { fetchGuarded, solvePuzzle, getToken };
}

const TOKEN_HEADER = 'x-aws-waf-token';
const ACTION_HEADER = 'x-amzn-waf-action';
/** Origins from which this page has been able to read AWS WAF's responses. */
const readableOrigins = new Set<string>();

/** What AWS WAF asks for before it lets the call through, if this is its response. */
function wafActionOf(response: Response, url: string): 'captcha' | 'challenge' | undefined {
  const action = response.headers.get(ACTION_HEADER);
  const { origin } = new URL(url);
  if (action !== null) readableOrigins.add(origin);
  // the API's own 405 and 202 come without the header
  if (response.status === 405 && action === 'captcha') return 'captcha';
  if (response.status === 202 && action === 'challenge') return 'challenge';
  if (response.status === 405 && isElsewhere(url) && !readableOrigins.has(origin)) {
    tell(
      `${url} responded with 405. If AWS WAF did, the page cannot tell: add ${ACTION_HEADER} to ` +
        'access-control-expose-headers.',
    );
  }
  return undefined;
}

function renderPuzzle(config: CaptchaConfig, options: CaptchaOptions, end: AbortSignal): Promise<string> {
  const { AwsWafCaptcha } = window;
  if (!AwsWafCaptcha) throw failure('internal_error', `${config.scriptUrl} defines no AwsWafCaptcha`);
  const { defaultLocale, disableLanguageSelector, dynamicWidth = true, skipTitle = true } = options;
  const appearance = { defaultLocale, disableLanguageSelector, dynamicWidth, skipTitle };
  const unlessOver = (event?: () => void) => () => {
    if (!end.aborted) event?.();
  };
  options.onStart?.();
  // a separate element: what the script draws into it after the end is not seen
  const place = document.createElement('div');
  options.container.append(place);
  const solved = new Promise<string>((resolve, reject) => {
    AwsWafCaptcha.renderCaptcha(place, {
      // the script may not expect `undefined`
      ...Object.fromEntries(Object.entries(appearance).filter(([, value]) => value !== undefined)),
      apiKey: config.apiKey,
      onLoad: unlessOver(options.onLoad),
      onPuzzleCorrect: unlessOver(options.onCorrect),
      onPuzzleIncorrect: unlessOver(options.onIncorrect),
      onPuzzleTimeout: () => reject(failure('puzzle_timeout', 'the puzzle was not solved in time')),
      onError: ({ kind, statusCode, message }) =>
        reject(failure(kind, `${message}${statusCode ? ` (status ${statusCode})` : ''}`)),
      onSuccess: resolve,
    });
  });
  return untilAborted(solved, end).finally(() => {
    place.remove();
    options.onEnd?.();
  });
}

/** A puzzle that several calls may wait for. It ends when no call waits any more. */
class SharedPuzzle {
  private readonly end = new AbortController();
  private readonly token: Promise<string>;
  private waiting = 0;

  constructor(render: (end: AbortSignal) => Promise<string>) {
    this.token = render(this.end.signal);
  }

  get isOver(): boolean {
    return this.end.signal.aborted;
  }

  async join(signal?: AbortSignal): Promise<string> {
    this.waiting++;
    try {
      return await untilAborted(this.token, signal);
    } finally {
      this.waiting--;
      if (this.waiting === 0) this.end.abort();
    }
  }
}

let script: Promise<void> | undefined;

/** Adds the script to the page, once for all puzzles, and again if it could not be loaded. */
function scriptOf(config: CaptchaConfig, options: CaptchaOptions): Promise<void> {
  script ??= addScript(config, options).catch(error => {
    script = undefined;
    throw error;
  });
  return script;
}

async function addScript(config: CaptchaConfig, options: CaptchaOptions): Promise<void> {
  if (window.AwsWafCaptcha) return;
  // set before the script loads, as is common: it may read the list only when it starts
  const domains = options.cookieDomains ?? domainAbove(config);
  if (domains.length > 0) window.awsWafCookieDomainList ??= domains;
  await new Promise<void>((resolve, reject) => {
    const element = document.createElement('script');
    element.src = config.scriptUrl;
    element.onload = () => resolve();
    element.onerror = () => {
      element.remove();
      reject(failure('network_error', `${config.scriptUrl} could not be loaded`));
    };
    document.head.append(element);
  });
}

/**
 * The key's domain that a page on a sub-domain must name. A page on one of the key's domains names none: its token is
 * then for its own host, which a web ACL without token domains accepts too.
 */
function domainAbove({ tokenDomains = [] }: CaptchaConfig): string[] {
  const { hostname } = window.location;
  if (tokenDomains.includes(hostname)) return [];
  const above = tokenDomains.filter(domain => hostname.endsWith(`.${domain}`));
  // of several, the nearest: it is accepted wherever a parent domain is
  return above.sort((one, other) => other.length - one.length).slice(0, 1);
}

/** The domain for which this page gets a token: the shortest that is its host or a parent of it. */
function tokenDomain(): string {
  const { hostname } = window.location;
  const listed = (window.awsWafCookieDomainList ?? []).map(domain => domain.replace(/^\./, ''));
  const above = listed.filter(domain => hostname.endsWith(`.${domain}`));
  return [hostname, ...above].reduce((shortest, domain) =>
    domain.length < shortest.length ? domain : shortest,
  );
}

function hasTokenCookie(): boolean {
  return /(?:^|;\s*)aws-waf-token=/.test(document.cookie);
}

function isElsewhere(url: string): boolean {
  return new URL(url).origin !== window.location.origin;
}

function untilAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

async function untilThere<T>(look: () => T | undefined, signal?: AbortSignal): Promise<T> {
  for (let looks = 0; looks < 200; looks++) {
    const found = look();
    if (found !== undefined) return found;
    await untilAborted(new Promise(resolve => setTimeout(resolve, 50)), signal);
  }
  throw failure('internal_error', "the script's token part, AwsWafIntegration, did not load");
}

// The rest tells the developer why something cannot work.

const calledOrigins = new Set<string>();
/** Origins to which the page's content security policy allows no calls. */
const blockedOrigins = new Set<string>();
const told = new Set<string>();
let watchesPolicy = false;

function tell(text: string): void {
  console.error(`CAPTCHA: ${text}`);
}

function failure(kind: FailureKind, message: string): CaptchaFailure {
  tell(message);
  return new CaptchaFailure(kind, message);
}

function refusedToken(test: 'puzzle' | 'challenge', url: string): CaptchaFailure {
  return failure(
    'token_refused',
    `the ${test} is solved, but ${new URL(url).hostname} does not accept the token, which is for ${tokenDomain()}. ` +
      cureOfRefusal(url),
  );
}

function cureOfRefusal(url: string): string {
  const { hostname } = new URL(url);
  const domain = tokenDomain();
  const cure =
    domain === hostname
      ? 'Check that the token arrives: a CloudFront distribution in front of the web ACL must forward the cookie ' +
        `aws-waf-token, and tokenDomains of the web ACL must then contain ${hostname}.`
      : `Add ${domain} to tokenDomains of the web ACL in front of ${hostname}.`;
  return `${cure} The web ACL's log has the failureReason.`;
}

function explainRejection(request: Request, solved: boolean): void {
  const parts = [
    `no response from ${request.url} can be read. Either it was not reached, or the response has no CORS headers for ` +
      `${window.location.origin}.`,
  ];
  if (!readableOrigins.has(new URL(request.url).origin)) {
    parts.push('AWS WAF adds none to its own: add them with a CloudFront response headers policy.');
    if (!solved) parts.push('Without CloudFront, set puzzleFirst.');
    if (request.headers.has(TOKEN_HEADER)) {
      parts.push(
        `AWS WAF may have refused the token, which is for ${tokenDomain()}. ${cureOfRefusal(request.url)}`,
      );
    }
  }
  if (needsPreflight(request)) {
    parts.push(
      'The browser sends OPTIONS first: exempt that method from the CAPTCHA rule, and allow ' +
        `${[...request.headers.keys(), request.method].join(', ')} in its response.`,
    );
  }
  tell(parts.join(' '));
}

/** Whether the browser sends OPTIONS before this request to another origin (Fetch Standard, "CORS-safelisted"). */
function needsPreflight({ method, headers }: Request): boolean {
  if (!['GET', 'HEAD', 'POST'].includes(method)) return true;
  return [...headers].some(
    ([name, value]) =>
      !['accept', 'accept-language', 'content-language'].includes(name) &&
      !(
        name === 'content-type' &&
        /^(text\/plain|multipart\/form-data|application\/x-www-form-urlencoded)/.test(value)
      ),
  );
}

function warnOfPage(tokenDomains: readonly string[] = []): void {
  // a server may read the configuration too
  if (typeof window === 'undefined') return;
  const { protocol, host, hostname } = window.location;
  if (tokenDomains.length > 0 && !tokenDomains.some(domain => `.${hostname}`.endsWith(`.${domain}`))) {
    tellOnce(
      `the key is for ${tokenDomains.join(', ')}, but this page is on ${hostname}. ` +
        `Add ${hostname}, or a parent domain, to tokenDomains of the WafCaptchaApiKey and of the web ACL.`,
    );
  }
  if (window.isSecureContext) return;
  if (protocol === 'https:') tellOnce('a puzzle needs HTTPS in every page that frames this one too.');
  else tellOnce(`a puzzle needs HTTPS. Open https://${host} instead.`);
}

/** For what is true of the page as long as it is open. */
function tellOnce(text: string): void {
  if (!told.has(text)) tell(text);
  told.add(text);
}

function watchPolicy(): void {
  if (watchesPolicy) return;
  watchesPolicy = true;
  document.addEventListener('securitypolicyviolation', ({ blockedURI, effectiveDirective, disposition }) => {
    // a policy that is only reported blocks nothing
    if (disposition === 'report') return;
    const [origin = ''] = /^https?:\/\/[^/]+/.exec(blockedURI) ?? [];
    const isWaf = origin.endsWith('.awswaf.com');
    if (!isWaf && !calledOrigins.has(origin)) return;
    if (!isWaf) blockedOrigins.add(origin);
    tell(
      `this page's content security policy blocks ${blockedURI}. ` +
        `Add ${isWaf ? 'https://*.awswaf.com' : origin} to ${effectiveDirective}` +
        (isWaf ? ' (connect-src, script-src and script-src-elem need it).' : '.'),
    );
  });
}
