import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import type { RequestOptions } from 'node:https';

/** What a fresh process tells of itself. Times are absolute, in milliseconds, and compare between processes. */
export interface ColdStart {
  readonly startedAt: number;
  /** the process is up and turns to the handler's module */
  readonly bootedAt: number;
  /** the module is loaded */
  readonly initializedAt: number;
  /** the processor's time from `bootedAt` on, all threads */
  readonly cpuMs: number;
  readonly maximumRssMb: number;
}

/** How the handler ended. */
export interface Ending {
  readonly result?: unknown;
  readonly error?: string;
}

// runs as a process of its own, with nothing but Lambda's variables and these; the events stand in a file
const { BENCH_MODULE = '', BENCH_HANDLER = '', BENCH_EVENTS = '' } = process.env;
const bootedAt = now();
const cpuAtBoot = process.cpuUsage();
// it loads node:https, which these handlers load in any case, as ours does
if (process.env.BENCH_PLAIN_HTTP) answerOverPlainHttp();
const handler = require(BENCH_MODULE)[BENCH_HANDLER];
const initializedAt = now();
const deadline = Date.now() + 900_000;
const context = { logStreamName: 'bench', getRemainingTimeInMillis: () => deadline - Date.now() };
const events: unknown[] = JSON.parse(readFileSync(BENCH_EVENTS, 'utf8'));
Promise.all(events.map(event => handler(event, context))).then(
  ([result]) => process.send?.({ result } satisfies Ending),
  (error: unknown) => process.send?.({ error: String(error) } satisfies Ending),
);
process.on('message', () => {
  const maximumRssMb = process.resourceUsage().maxRSS / 1024;
  const { user, system } = process.cpuUsage(cpuAtBoot);
  const cpuMs = (user + system) / 1000;
  const startedAt = performance.timeOrigin;
  const report: ColdStart = { startedAt, bootedAt, initializedAt, cpuMs, maximumRssMb };
  process.send?.(report, () => process.exit());
});

function now(): number {
  return performance.timeOrigin + performance.now();
}

// the handlers of aws-cdk-lib answer over TLS on its own port, whatever the URL says
function answerOverPlainHttp(): void {
  const { port } = new URL(process.env.AWS_ENDPOINT_URL ?? '');
  const https = require('node:https');
  https.request = (options: RequestOptions, ...more: []) => plainRequest({ ...options, port }, ...more);
}
