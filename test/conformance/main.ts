import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endRequested } from '../../local-aws/signals';
import { ENGINES, type Engine, type EngineName } from './engines/engine';
import { openLocalAws } from './engines/local-aws';
import { findPython, openMiniStack } from './engines/ministack';
import { SCENARIOS } from './scenarios';
import { runSuite } from './suite';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      on: { type: 'string', default: 'local' },
      only: { type: 'string' },
    },
  });
  const signal = endRequested();
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  const scenarios = values.only
    ? SCENARIOS.filter(({ name }) => values.only?.split(',').includes(name))
    : SCENARIOS;
  const engine = await open(values.on as EngineName, folder, signal);
  try {
    const trials = await runSuite(engine, {
      scenarios,
      signal,
      onStep: (trial, step) =>
        console.log(`${step.outcome} ${trial.scenario.name}: ${step.title} (${step.seconds.toFixed(1)} s) ${step.detail ?? ''}`),
    });
    for (const t of trials) { console.log(t.scenario.name, Object.fromEntries(t.sightings), [...t.watches.values()].map(w => [w.readings.length, w.events.size, w.late, w.problems]), t.observations.length); }
  } finally {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function open(name: EngineName, folder: string, signal: AbortSignal): Promise<Engine> {
  if (name === 'local') return openLocalAws(folder, 'us-east-1');
  const python = await findPython();
  if (!python) throw new Error('none');
  return openMiniStack(folder, 'us-east-1', python, signal);
}
main().catch(error => {
  process.exitCode = 1;
  console.error(error);
});
