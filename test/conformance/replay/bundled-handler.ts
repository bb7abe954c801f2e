import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { VirtualClock } from '../../virtual-account/virtual-clock';

export type Handler = (
  event: CloudFormationCustomResourceEvent,
  context: { getRemainingTimeInMillis(): number },
) => Promise<void>;

const dist = join(__dirname, '..', '..', '..', 'lambda', 'dist');

/**
 * The handler as it is shipped, with a clock and an environment of its own: time passes for it only while it waits on
 * nothing real.
 */
export function bundledHandler(clock: VirtualClock, environment: Readonly<Record<string, string>>): Handler {
  const VirtualDate = new Proxy(Date, {
    construct: (target, given) => Reflect.construct(target, given.length === 0 ? [clock.now()] : given),
    get: (target, name, receiver) =>
      name === 'now' ? () => clock.now() : Reflect.get(target, name, receiver),
  });
  const substitutes: Readonly<Record<string, unknown>> = {
    'node:timers/promises': {
      setTimeout: async (ms: number, value: unknown, options?: { signal?: AbortSignal }) => {
        await clock.sleep(ms, options?.signal);
        return value;
      },
    },
    'node:http': { ...http, request: holdingRequest(clock) },
  };
  const own = Object.create(process, {
    env: { value: environment },
    stdout: { value: { write: () => true } },
  });
  const requireBuiltIn = createRequire(join(dist, 'index.js'));
  const load = (name: string): { handler: Handler } => {
    if (name in substitutes) return substitutes[name] as { handler: Handler };
    if (!name.startsWith('.')) return requireBuiltIn(name);
    const module = { exports: {} };
    const source = readFileSync(join(dist, name.endsWith('.js') ? name : `${name}.js`), 'utf8');
    const parameters = ['exports', 'require', 'module', 'Date', 'process', 'console'];
    const run = new Function(...parameters, source);
    run(module.exports, load, module, VirtualDate, own, { log: () => undefined });
    return module.exports as { handler: Handler };
  };
  return load('./index').handler;
}

/** `http.request`, while which the clock stands still. */
function holdingRequest(clock: VirtualClock): typeof http.request {
  return ((...args: Parameters<typeof http.request>) => {
    const release = clock.hold();
    const request = http.request(...args);
    request.once('close', async () => {
      // the response is read and parsed in some turns of the event loop more
      for (let turn = 0; turn < 10; turn++) await setImmediate();
      release();
    });
    return request;
  }) as typeof http.request;
}
