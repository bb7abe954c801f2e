import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describeInBrowser } from './chromium';
import { ExampleSite } from './example-site';
import { button, phoneNumber, puzzle, says, solve } from './puzzle-page';
import { cut, type Visit } from './visitor';

jest.setTimeout(90_000);

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds against the page as it is now, by rule and element. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found: { id: string; nodes: { html: string }[] }[] = await page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes })))',
  );
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** The name of what has the focus. */
async function focused(page: Page): Promise<string> {
  return page.evaluate(
    "((element) => element.ariaLabel ?? element.textContent ?? '')(document.activeElement)",
  );
}

describeInBrowser('the page is for everybody', () => {
  let site: ExampleSite;

  beforeAll(async () => {
    site = await ExampleSite.open({ tokenDomains: ['example.com'] });
  });

  afterAll(() => site?.close());

  test.each([1280, 360])(
    'axe finds nothing at %i pixels, and nothing has to be scrolled to the side',
    async width => {
      const visit = await site.visit('example.com', {
        viewport: { width, height: 800 },
        // what fades in has not its contrast yet
        reducedMotion: 'reduce',
      });
      const { page } = visit;
      for await (const state of statesOf(visit)) {
        expect([state, await findings(page)]).toEqual([state, []]);
        expect([state, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([state, width]);
      }
    },
  );

  test('axe would find a button that has no name', async () => {
    const { page } = await site.visit('example.com');
    await page.evaluate("document.querySelector('button').textContent = ''");

    expect(await findings(page)).toEqual([expect.stringContaining('button-name')]);
  });

  test('a puzzle is solved by keyboard alone, and the focus follows', async () => {
    const { page } = await site.visit('example.com');
    const main = page.getByRole('main');
    const press = (key: string) => page.keyboard.press(key);
    await press('Tab');
    expect(await focused(page)).toBe('Show the phone number');
    await press('Enter');
    await puzzle(main).getByRole('checkbox').first().waitFor();
    expect(await focused(page)).toBe('Puzzle');

    const [, wanted] =
      /all the (\w+)s/.exec((await puzzle(main).locator('legend').textContent()) ?? '') ?? [];
    await press('Tab');
    for (const _shape of await puzzle(main).getByRole('checkbox').all()) {
      if ((await focused(page)) === wanted) await press('Space');
      await press('Tab');
    }
    expect(await focused(page)).toBe('Confirm');
    await press('Enter');
    await main.getByText(phoneNumber).waitFor();
    expect(await focused(page)).toBe(phoneNumber);
  });

  test('a puzzle’s container is visible and has a width before the puzzle is drawn', async () => {
    const { page, interfere } = await site.visit('example.com');
    const place = puzzle(page.getByRole('main'));
    let width: number | undefined;
    interfere('/problem', async request => {
      width = await place.evaluate(({ clientWidth }) => clientWidth);
      return cut(request);
    });
    await button(page.getByRole('main')).click();
    await says(page.getByRole('main'), 'Please check your connection');

    expect(width).toBeGreaterThan(300);
  });

  test('what happens is announced', async () => {
    const { page } = await site.visit('example.com');
    const status = page.getByRole('status');
    expect(await status.getAttribute('aria-live')).toBe('polite');
    await page.evaluate(`
      window.announced = [];
      new MutationObserver(() => announced.push(document.querySelector('[role=status]').textContent))
        .observe(document.querySelector('[role=status]'), { childList: true, characterData: true, subtree: true });
    `);
    await button(page.getByRole('main')).click();
    await solve(page.getByRole('main'), 'wrong');
    await says(page.getByRole('main'), 'That was not right');
    await solve(page.getByRole('main'));
    await page.getByText(phoneNumber).waitFor();

    expect(await page.evaluate('announced')).toEqual([
      'One moment, please …',
      'Please solve the puzzle.',
      'That was not right. Here is another one.',
      'Right. One moment, please …',
      '',
    ]);
  });

  test.each([
    ['reduce', 'none'],
    ['no-preference', 'appear'],
  ] as const)('motion: %s', async (reducedMotion, animation) => {
    const { page } = await site.visit('example.com', { reducedMotion });
    await button(page.getByRole('main')).click();
    await puzzle(page.getByRole('main')).getByRole('checkbox').first().waitFor();

    expect(await page.evaluate("getComputedStyle(document.querySelector('.puzzle')).animationName")).toBe(
      animation,
    );
  });

  /** Goes through what the page can look like, and stops at each. */
  async function* statesOf({ page, interfere }: Visit): AsyncGenerator<string> {
    const main = page.getByRole('main');
    yield 'start';
    interfere('/problem', cut);
    await button(main).click();
    await says(main, 'Please check your connection');
    yield 'failure';
    interfere('/problem', undefined);
    await button(main).click();
    await puzzle(main).getByRole('checkbox').first().waitFor();
    yield 'puzzle';
    await solve(main);
    await main.getByText(phoneNumber).waitFor();
    yield 'result';
  }
});
