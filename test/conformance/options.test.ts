import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment } from '../../local-aws/child-environment';
import { optionsOf } from './options';
import { SCENARIOS } from './scenarios';

const root = join(__dirname, '..', '..');
const tsx = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs');

async function run(...args: string[]): Promise<string> {
  const command = [tsx, 'test/conformance/main.ts', ...args];
  // neither credentials nor a Region
  const { stdout } = await promisify(execFile)(process.execPath, command, {
    cwd: root,
    env: childEnvironment({}, tmpdir()),
  });
  return stdout;
}

test('a plan for AWS needs no Region and no credentials, and names every scenario', async () => {
  const plan = await run('--on', 'aws', '--plan');
  expect(plan).toContain('On AWS in the Region that you choose with --region');
  for (const { name, title } of SCENARIOS) expect(plan).toContain(`${name}: ${title}`);
}, 30_000);

test.each([
  [['--region', 'eu-west-1'], {}, 'eu-west-1'],
  [['--region', 'eu-west-1'], { AWS_REGION: 'eu-west-2' }, 'eu-west-1'],
  [[], { AWS_REGION: 'eu-west-2', AWS_DEFAULT_REGION: 'eu-west-3' }, 'eu-west-2'],
  [[], { AWS_DEFAULT_REGION: 'eu-west-3' }, 'eu-west-3'],
  [[], {}, undefined],
])('the Region of a plan with %j and %j: %s', (args, environment, region) => {
  expect(optionsOf(['--on', 'aws', '--plan', ...args], environment)).toMatchObject({ plan: true, region });
});

test.each([
  [['--on', 'aws'], /^--region: expected a Region, got none/],
  [['--on', 'aws', '--sweep'], /^--region: expected a Region, got none/],
  [['--plan'], /^--plan: a plan is for AWS alone: expected --on aws, got local, which starts empty/],
  [['--on', 'ministack', '--sweep'], /^--sweep: a sweep is for AWS alone: expected --on aws, got ministack/],
  [['--on', 'azure'], /^--on: expected local, ministack, aws, got azure/],
  [['--only', 'rollback,none'], /^--only: expected lifecycle, .*, got none/],
])('%j is refused', (args, message) => {
  expect(() => optionsOf(args, {})).toThrow(message);
});

test('without options, all scenarios run on local AWS', () => {
  const options = { on: 'local', region: 'us-east-1', scenarios: SCENARIOS, sweep: false, yes: false };
  expect(optionsOf([], { AWS_REGION: 'eu-west-1' })).toEqual({ ...options, record: undefined });
});
