import { drawPuzzle, type Puzzle } from './puzzle';
import { cookieDomainList, folderOfThisScript, keepToken } from './token-cookie';

type ErrorKind = 'internal_error' | 'network_error' | 'token_error' | 'client_error';

interface Configuration {
  readonly apiKey: string;
  readonly onSuccess: (wafToken: string) => void;
  readonly onError?: (error: Error) => void;
  readonly onLoad?: () => void;
  readonly onPuzzleTimeout?: () => void;
  readonly onPuzzleCorrect?: () => void;
  readonly onPuzzleIncorrect?: () => void;
  readonly dynamicWidth?: boolean;
  readonly skipTitle?: boolean;
}

class CaptchaError extends Error {
  constructor(
    readonly kind: ErrorKind,
    message: string,
    readonly statusCode?: number,
  ) {
    super(message);
  }
}

type Verdict = { readonly correct: false } | { readonly correct: true; token: string; domain: string };

const folder = folderOfThisScript();
// read once: a list that is set later has no effect
const cookieDomains = cookieDomainList();

function renderCaptcha(container: Element, configuration: Configuration): void {
  if (!(container instanceof Element)) throw new TypeError('renderCaptcha: expected an Element as container');
  if (typeof configuration.apiKey !== 'string' || typeof configuration.onSuccess !== 'function') {
    throw new TypeError('renderCaptcha: expected apiKey and onSuccess');
  }
  nextPuzzle(container, configuration).catch(error => configuration.onError?.(error));
}

async function nextPuzzle(container: Element, configuration: Configuration): Promise<void> {
  if (!window.isSecureContext) throw new CaptchaError('client_error', 'a puzzle needs a secure context');
  const puzzle: Puzzle = await call('problem', { apiKey: configuration.apiKey, cookieDomains });
  const timer = setTimeout(() => {
    container.replaceChildren();
    configuration.onPuzzleTimeout?.();
  }, puzzle.lifeMs);
  drawPuzzle(container, puzzle, configuration, chosen => {
    clearTimeout(timer);
    judge(container, configuration, puzzle, chosen).catch(error => configuration.onError?.(error));
  });
  configuration.onLoad?.();
}

async function judge(
  container: Element,
  configuration: Configuration,
  { id }: Puzzle,
  chosen: readonly string[],
): Promise<void> {
  const verdict: Verdict = await call('verify', { id, chosen });
  if (!verdict.correct) {
    configuration.onPuzzleIncorrect?.();
    return nextPuzzle(container, configuration);
  }
  configuration.onPuzzleCorrect?.();
  container.replaceChildren();
  if (!keepToken(verdict.token, verdict.domain)) {
    throw new CaptchaError('token_error', `the browser keeps no cookie for ${verdict.domain}`);
  }
  configuration.onSuccess(verdict.token);
}

async function call<T>(name: string, body: object): Promise<T> {
  const response = await fetch(folder + name, { method: 'POST', body: JSON.stringify(body) }).catch(error => {
    throw new CaptchaError('network_error', String(error));
  });
  if (response.status === 403) {
    const { message }: { message: string } = await response.json();
    throw new CaptchaError('client_error', message, response.status);
  }
  if (!response.ok) throw new CaptchaError('network_error', `no answer to ${name}`, response.status);
  return response.json();
}

Object.assign(window, { AwsWafCaptcha: { renderCaptcha } });
// as in AWS's script: the part that handles tokens loads by itself, later
if (!('AwsWafIntegration' in window)) {
  const script = document.createElement('script');
  script.src = `${folder}challenge.js`;
  document.head.append(script);
}
