import { parseArgs } from 'node:util';
import { ENGINES, type EngineName } from './engines/engine';
import { SCENARIOS } from './scenarios';
import type { Scenario } from './trial';

const USAGE = `npm run conformance -- [--on local|ministack|aws] [--region REGION] [--only SCENARIO,…] [--record FOLDER]
                       [--plan | --sweep] [--yes]`;
const LOCAL_REGION = 'us-east-1';

export interface Options {
  readonly on: EngineName;
  readonly region: string;
  readonly scenarios: readonly Scenario[];
  readonly record?: string;
  readonly sweep: boolean;
  readonly yes: boolean;
}

/** What a plan is for. @default region - the one that the user has yet to choose */
export interface PlanOptions extends Pick<Options, 'scenarios'> {
  readonly plan: true;
  readonly region?: string;
}

/** Reads the arguments of the command line, beside what its environment says of the Region. */
export function optionsOf(
  args: readonly string[],
  { AWS_REGION, AWS_DEFAULT_REGION }: Readonly<Record<string, string | undefined>>,
): Options | PlanOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      on: { type: 'string', default: 'local' },
      region: { type: 'string' },
      only: { type: 'string' },
      record: { type: 'string' },
      plan: { type: 'boolean', default: false },
      sweep: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
    },
  });
  const { plan, sweep, yes, record } = values;
  const on = ENGINES.find(name => name === values.on);
  if (!on) throw new Error(`--on: expected ${ENGINES.join(', ')}, got ${values.on}\n${USAGE}`);
  if (on !== 'aws' && (plan || sweep)) {
    const what = plan ? '--plan: a plan is' : '--sweep: a sweep is';
    throw new Error(`${what} for AWS alone: expected --on aws, got ${on}, which starts empty\n${USAGE}`);
  }
  const scenarios = scenariosOf(values.only);
  const region = on === 'aws' ? [values.region, AWS_REGION, AWS_DEFAULT_REGION].find(Boolean) : LOCAL_REGION;
  if (plan) return { plan, region, scenarios };
  if (!region) throw new Error(`--region: expected a Region, got none\n${USAGE}`);
  return { on, region, scenarios, record, sweep, yes };
}

function scenariosOf(only: string | undefined): readonly Scenario[] {
  if (only === undefined) return SCENARIOS;
  return only.split(',').map(name => {
    const scenario = SCENARIOS.find(one => one.name === name);
    if (scenario) return scenario;
    throw new Error(`--only: expected ${SCENARIOS.map(one => one.name).join(', ')}, got ${name}`);
  });
}
