import { existsSync } from 'node:fs';

const places = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The browser that these tests drive, if this machine has one; `CHROMIUM_PATH` says where it is elsewhere. */
export const chromiumPath = places.find(place => place !== undefined && existsSync(place));

/** `describe`, or where there is no browser a suite that is skipped and says so. */
export function describeInBrowser(name: string, tests: () => void): void {
  // jest does not name the suites that are skipped as a whole
  if (chromiumPath === undefined) process.stderr.write(`skipped: no Chromium: ${name}\n`);
  (chromiumPath === undefined ? describe.skip : describe)(name, tests);
}

/** No sandbox for root, who cannot have one; nothing that talks to the network by itself. */
export const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Makes every host name lead to these ports of loopback, and nothing anywhere else. 5173 is Vite's. */
export function hostsOnLoopback({ https, http }: { https: number; http: number }): string {
  const secure = [443, 5173].map(port => `MAP *:${port} 127.0.0.1:${https}`);
  const rules = [...secure, `MAP *:80 127.0.0.1:${http}`, 'MAP * ~NOTFOUND'];
  return `--host-resolver-rules=${rules.join(',')}`;
}

/** Lets the names of loopback lead there, and all others nowhere. */
export const LOOPBACK_ONLY = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1';
