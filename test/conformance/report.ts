import type { Sighting } from './assumptions';
import type { Engine } from './engines/engine';
import type { Step, Trial } from './trial';

const MARKS = { passed: '✓', failed: '✗', skipped: '–' };

export function stepLine({ account, scenario }: Trial, step: Step): string {
  const { title, outcome, detail, seconds } = step;
  const time = outcome === 'skipped' ? 'skipped' : `${seconds.toFixed(1)} s`;
  const line = `${MARKS[outcome]} ${account.engine.name} ${scenario.name}: ${title} (${time})`;
  return detail ? `${line}\n${detail.replace(/^/gm, '    ')}` : line;
}

/** The tables of one engine, as Markdown. */
export function report(engine: Engine, trials: readonly Trial[], sightings: readonly Sighting[]): string {
  const problems = trials.flatMap(({ watches }) => [...watches.values()].flatMap(watch => watch.problems));
  return [
    `\n## ${engine.name}\n`,
    ...engine.remarks.map(remark => `- ${remark}`),
    ...engine.departures.map(departure => `- departs from AWS: ${departure}`),
    ...[...new Set(problems)].map(problem => `- a reading failed: ${problem}`),
    '\n| Scenario | Passed | Failed | Skipped |',
    '|---|---|---|---|',
    ...trials.map(({ scenario, steps }) => {
      const titled = (outcome: Step['outcome']) => steps.filter(step => step.outcome === outcome);
      const failed = titled('failed').map(({ title }) => title);
      const skipped = titled('skipped').map(({ title, detail }) => `${title}: ${detail}`);
      return row([scenario.title, String(titled('passed').length), failed.join('; '), skipped.join('; ')]);
    }),
    `\n| Assumption | Seen on ${engine.name} |`,
    '|---|---|',
    ...sightings.map(({ text, seen }) => row([text, seen.join('; ') || 'not seen'])),
  ].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ')).join(' | ')} |`;
}
