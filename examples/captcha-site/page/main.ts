import { type CaptchaConfig, CaptchaFailure, createCaptcha, type FailureKind, loadConfig } from './captcha';

const explanations: Record<FailureKind, string> = {
  network_error: 'The puzzle could not be reached. Please check your connection and try again.',
  puzzle_timeout: 'The time for this puzzle is over. Please try again with a new one.',
  token_error: 'Your answer could not be kept. Please allow cookies for this page and try again.',
  token_refused: 'Your answer was right, and yet it was not accepted. The mistake is ours.',
  client_error: 'The puzzle does not work on this page. The mistake is ours.',
  config_error: 'The puzzle does not work on this page. The mistake is ours.',
  internal_error: 'The puzzle is out of order. Please try again in a few minutes.',
};

/** The key's configuration, and what this site adds to it. */
interface SiteConfig extends CaptchaConfig {
  /** Where the API is. @default - beside the page */
  readonly apiUrl?: string;
  readonly puzzleFirst?: boolean;
}

let loading: Promise<SiteConfig> | undefined;

/** The configuration, loaded once; again after it could not be loaded. */
function siteConfig(): Promise<SiteConfig> {
  loading ??= loadConfig('captcha-config.json').catch(error => {
    loading = undefined;
    throw error;
  });
  return loading;
}

// what is wrong with it is for the console, before anybody clicks
siteConfig().catch(() => undefined);
for (const section of document.querySelectorAll<HTMLElement>('[data-guarded]')) guard(section);

/** Makes a section's button fetch what `data-guarded` names, with a puzzle in between where AWS WAF wants one. */
function guard(section: HTMLElement): void {
  const part = (selector: string) => {
    const element = section.querySelector<HTMLElement>(selector);
    if (!element) throw new Error(`expected an element ${selector} in the section`);
    return element;
  };
  const [button, status] = [part('button'), part('.status')];
  const [puzzle, result] = [part('.puzzle'), part('.result')];
  const say = (text: string) => {
    status.textContent = text;
  };

  button.addEventListener('click', async () => {
    section.removeAttribute('data-failed');
    button.hidden = true;
    say('One moment, please …');
    try {
      const response = await answer(section.dataset.guarded ?? '');
      const { phoneNumber }: { phoneNumber: string } = await response.json();
      say('');
      result.textContent = phoneNumber;
      show(result);
    } catch (error) {
      console.error(error);
      section.setAttribute('data-failed', '');
      const explained = error instanceof CaptchaFailure ? explanations[error.kind] : undefined;
      say(explained ?? 'Something went wrong. Please try again.');
      button.textContent = 'Try again';
      show(button);
    }
  });

  async function answer(path: string): Promise<Response> {
    const { apiUrl = document.baseURI, puzzleFirst } = await siteConfig();
    const url = new URL(path, apiUrl);
    const response = await captcha(puzzleFirst).fetchGuarded(url);
    if (!response.ok) throw new Error(`expected an answer from ${url}, got status ${response.status}`);
    return response;
  }

  function captcha(puzzleFirst?: boolean) {
    let first = true;
    return createCaptcha({
      config: siteConfig,
      container: puzzle,
      puzzleFirst,
      // shown before it is filled: a puzzle takes its width from where it is
      onStart: () => {
        puzzle.hidden = false;
      },
      onLoad: () => {
        if (first) say('Please solve the puzzle.');
        first = false;
        puzzle.focus();
      },
      onIncorrect: () => say('That was not right. Here is another one.'),
      onCorrect: () => say('Right. One moment, please …'),
      onEnd: () => {
        puzzle.hidden = true;
      },
    });
  }
}

/** Shows an element and leads keyboard and screen reader there. */
function show(element: HTMLElement): void {
  element.hidden = false;
  element.focus();
}
