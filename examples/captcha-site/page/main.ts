import { type CaptchaConfig, CaptchaFailure, createCaptcha, type FailureKind, loadConfig } from './captcha';

const explanations: Record<FailureKind, string> = {
  network_error: 'The puzzle could not be reached. Please check your connection and try again.',
  puzzle_timeout: 'The time for this puzzle is up. Please try again with a new one.',
  token_error: 'Your answer could not be saved. Please allow cookies for this page and try again.',
  token_refused: 'Your answer was right, but it was not accepted. The mistake is ours.',
  client_error: 'The puzzle does not work on this page. The mistake is ours.',
  config_error: 'The puzzle does not work on this page. The mistake is ours.',
  internal_error: 'The puzzle is not working. Please try again in a few minutes.',
};

/** The key's configuration, with the fields that this site adds. */
interface SiteConfig extends CaptchaConfig {
  /** The URL of the API. @default - on the page's own host */
  readonly apiUrl?: string;
  readonly puzzleFirst?: boolean;
}

let loading: Promise<SiteConfig> | undefined;

/** The configuration, loaded once, and again if it could not be loaded. */
function siteConfig(): Promise<SiteConfig> {
  loading ??= loadConfig('captcha-config.json').catch(error => {
    loading = undefined;
    throw error;
  });
  return loading;
}

// logs what is wrong with the configuration before anybody clicks
siteConfig().catch(() => undefined);
for (const section of document.querySelectorAll<HTMLElement>('[data-guarded]')) guard(section);

/** Makes a section's button fetch the path in `data-guarded`, with a puzzle first if AWS WAF asks for one. */
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
      // shown before it is filled: the container determines the puzzle's width
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

/** Shows an element and moves the focus there, for keyboards and screen readers. */
function show(element: HTMLElement): void {
  element.hidden = false;
  element.focus();
}
