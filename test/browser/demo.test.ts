import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { chromium } from 'playwright-core';
import { chromiumArguments, chromiumPath, describeInBrowser, LOOPBACK_ONLY } from './chromium';
import { button, phoneNumber, solve } from './puzzle-page';

jest.setTimeout(90_000);

describeInBrowser('npm run demo -- --site', () => {
  let demo: ChildProcessByStdio<null, Readable, null> | undefined;

  afterEach(() => demo?.kill('SIGKILL'));

  test.each([
    ['an API beside it', [], 'localhost'],
    ['an API on another origin', ['--api-on-another-origin'], '127.0.0.1'],
  ])('serves a page with %s whose puzzle can be solved, until Ctrl-C', async (_, options, apiHost) => {
    demo = spawn(process.execPath, ['--import', 'tsx', 'examples/demo.ts', '--site', ...options], {
      cwd: join(__dirname, '..', '..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(demo, 'exit');
    const url = await addressIn(demo.stdout.setEncoding('utf8'));
    const args = [...chromiumArguments, LOOPBACK_ONLY];
    const browser = await chromium.launch({ executablePath: chromiumPath, args });
    const calls: string[] = [];
    try {
      const page = await browser.newPage();
      page.on('request', request => {
        const { hostname, pathname } = new URL(request.url());
        if (pathname.startsWith('/api/')) calls.push(`${request.method()} ${hostname}`);
      });
      await page.goto(url);
      await button(page.getByRole('main')).click();
      await solve(page.getByRole('main'));
      await page.getByText(phoneNumber).waitFor();
    } finally {
      await browser.close();
    }
    demo.kill('SIGINT');

    expect(calls).toEqual([`GET ${apiHost}`, `GET ${apiHost}`]);
    expect(await ended).toEqual([0, null]);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });
});

/** The page's address, once the demo has said it. */
function addressIn(output: Readable): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    output.on('data', chunk => {
      text += chunk;
      const [, url] = /The page is at (\S+);/.exec(text) ?? [];
      if (url) resolve(url);
    });
    output.on('end', () => reject(new Error(`expected the page's address, got ${text}`)));
  });
}
