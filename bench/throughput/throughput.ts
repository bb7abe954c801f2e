import { Repetition } from '../../lambda/repetition';
import { type Rhythm, steps } from '../../lambda/rhythm';
import { type Cell, fixed, table } from '../markdown';
import { type Deployment, ThroughputAccount } from './account';
import { rhythms } from './rhythms';
import { rivalDeployment } from './rival';

const COUNTS = [10, 50, 200, 490];
const COUNTS_OF_ALTERNATIVES = [10, 50, 200];
const QUOTAS = [
  { name: 'no', refusedCallsCount: false },
  { name: 'yes', refusedCallsCount: true },
];

/** Many keys at once in virtual time: the handler, the rhythms that it does not use, and AwsCustomResource. */
export async function measureThroughput(): Promise<string> {
  return [
    `N keys of one stack, made at once and then deleted at once\n\n${await ownThroughput()}`,
    `The same with other rhythms of retry\n\n${await alternatives()}`,
    `N keys with AwsCustomResource, in real time (refused calls use up no quota)\n\n${await rivals()}`,
  ].join('\n\n');
}

async function ownThroughput(): Promise<string> {
  const rows: Cell[][] = [];
  for (const count of COUNTS) {
    for (const { name, refusedCallsCount } of QUOTAS) {
      const account = accountWith(refusedCallsCount);
      const made = await account.create(count);
      const deleted = await account.delete(made);
      rows.push([
        count,
        name,
        fixed(made.seconds / count, 2),
        made.failures,
        refused(made, 'CreateAPIKey', count),
        refused(made, 'ListAPIKeys', count),
        perKey(made.calls.ListAPIKeys?.accepted, count),
        perKey(made.calls.DescribeStackEvents?.accepted, count),
        fixed(deleted.seconds / count, 2),
        deleted.failures,
      ]);
    }
  }
  const heads = [
    'N',
    'refused calls use up quota',
    's a key',
    'failures',
    'refused creations a key',
    'refused lists a key',
    'lists a key',
    'event pages a key',
    's a deletion',
    'failures',
  ];
  return table(heads, rows);
}

async function alternatives(): Promise<string> {
  const rows: Cell[][] = [];
  for (const [name, rhythm] of Object.entries(rhythms)) {
    for (const quota of QUOTAS) {
      rows.push([name, quota.name, ...(await outcomes(rhythm, quota.refusedCallsCount))]);
    }
  }
  const heads = COUNTS_OF_ALTERNATIVES.map(
    count => `N = ${count}: s a key, refused creations a key, failures`,
  );
  return table(['rhythm', 'refused calls use up quota', ...heads], rows);
}

/** One cell for each N; none after the first N at which keys fail. */
async function outcomes(rhythm: Rhythm, refusedCallsCount: boolean): Promise<string[]> {
  const cells: string[] = [];
  let failed = false;
  for (const count of COUNTS_OF_ALTERNATIVES) {
    if (failed) {
      cells.push('–');
      continue;
    }
    const made = await accountWith(refusedCallsCount, rhythm).create(count);
    failed = made.failures > 0;
    const refusals = refused(made, 'CreateAPIKey', count);
    cells.push(
      failed
        ? `**${made.failures} failed**, ${refusals}`
        : `${fixed(made.seconds / count, 2)}, ${refusals}, none`,
    );
  }
  return cells;
}

async function rivals(): Promise<string> {
  const rows: Cell[][] = [];
  for (const count of COUNTS.slice(0, 3)) {
    const { seconds, succeeded } = await rivalDeployment(count);
    rows.push([count, succeeded, count - succeeded, fixed(seconds)]);
  }
  return table(['N', 'keys made', 'failures', 's until the last answer'], rows);
}

function accountWith(refusedCallsCount: boolean, rhythm: Rhythm = steps): ThroughputAccount {
  return new ThroughputAccount({
    seed: 1,
    refusedCallsCount,
    newRepetition: (clock, random) => new Repetition(clock, random, rhythm),
  });
}

function refused({ calls }: Deployment, operation: string, count: number): string {
  return perKey(calls[operation]?.refused, count);
}

function perKey(calls = 0, count: number): string {
  return fixed(calls / count);
}
