import {
  asksForCaptcha,
  CaptchaFailure,
  type FailureKind,
  fetchGuarded,
  loadConfig,
  solvePuzzle,
} from './captcha';

const explanations: Record<FailureKind, string> = {
  network_error: 'The puzzle could not be reached. Please check your connection and try again.',
  puzzle_timeout: 'The time for this puzzle is over. Please try again with a new one.',
  token_error: 'Your answer could not be kept. Please allow cookies for this page and try again.',
  token_refused: 'Your answer was right, and yet it was not accepted. The mistake is ours.',
  client_error: 'The puzzle does not work on this page. The mistake is ours.',
  internal_error: 'The puzzle is out of order. Please try again in a few minutes.',
};

const configUrl = 'captcha-config.json';
let config = loadConfig(configUrl);
config.catch(console.error);
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
      console.error('CAPTCHA:', error);
      section.setAttribute('data-failed', '');
      const explained = error instanceof CaptchaFailure ? explanations[error.kind] : undefined;
      say(explained ?? 'Something went wrong. Please try again.');
      button.textContent = 'Try again';
      show(button);
    }
  });

  async function answer(url: string): Promise<Response> {
    let response = await fetchGuarded(url);
    if (asksForCaptcha(response)) {
      await solve();
      response = await fetchGuarded(url);
      if (asksForCaptcha(response)) {
        throw new CaptchaFailure(
          'token_refused',
          'the web ACL does not accept the token: give it the tokenDomains of the WafCaptchaApiKey',
        );
      }
    }
    if (!response.ok) throw new Error(`expected an answer from ${url}, got status ${response.status}`);
    return response;
  }

  async function solve(): Promise<void> {
    config = config.catch(() => loadConfig(configUrl));
    let first = true;
    // shown before it is filled: a puzzle takes its width from where it stands
    puzzle.hidden = false;
    try {
      await solvePuzzle(puzzle, await config, {
        onLoad: () => {
          if (first) say('Please solve the puzzle.');
          first = false;
          puzzle.focus();
        },
        onIncorrect: () => say('That was not right. Here is another one.'),
        onCorrect: () => say('Right. One moment, please …'),
      });
    } finally {
      puzzle.hidden = true;
    }
  }
}

/** Shows an element and leads keyboard and screen reader there. */
function show(element: HTMLElement): void {
  element.hidden = false;
  element.focus();
}
