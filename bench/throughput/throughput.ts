import { type Cell, fixed, table } from '../markdown';
import { type Outcome, ThroughputAccount } from './account';
import { rivalDeployment } from './rival';

const COUNTS = [10, 50, 200, 300, 490];
const RIVAL_COUNTS = [10, 50, 200];
const QUOTAS = [
  { name: 'no', refusedCallsCount: false },
  { name: 'yes', refusedCallsCount: true },
];
/** Keys of others, which a creation is not to wait for. */
const FOREIGN_KEYS = 2000;
/** What is counted a key. */
const OPERATIONS = [
  'CreateAPIKey',
  'ListAPIKeys',
  'DescribeStacks',
  'DescribeStackResource',
  'ListStackResources',
  'DescribeStackEvents',
];

type Operate = (account: ThroughputAccount) => Promise<Outcome & { readonly swapped?: number }>;

/** All keys of a new stack are created at once. This and the next three are in virtual time. */
export function measureCreation(): Promise<string> {
  return outcomes(account => account.create(), FOREIGN_KEYS);
}

/** All keys of a stack get other domains, and the clean-up deletes the former ones. */
export function measureUpdate(): Promise<string> {
  return outcomes(account => account.update());
}

/** The update of all keys of a stack is rolled back, and the clean-up deletes the new ones. */
export function measureRollback(): Promise<string> {
  return outcomes(account => account.rollBack());
}

export function measureDeletion(): Promise<string> {
  return outcomes(account => account.delete());
}

async function outcomes(operate: Operate, foreignKeys = 0): Promise<string> {
  const rows: Cell[][] = [];
  for (const count of COUNTS) {
    for (const { name, refusedCallsCount } of QUOTAS) {
      const account = new ThroughputAccount(count, { seed: 1, refusedCallsCount, foreignKeys });
      if (foreignKeys === 0) await account.setUp();
      const { seconds, secondsToCleanUp, failures, swapped = 0, status, calls } = await operate(account);
      const cells = OPERATIONS.map(operation => {
        const { accepted, refused } = calls.count(operation);
        return accepted + refused === 0 ? '–' : `${fixed(accepted / count)} + ${fixed(refused / count)}`;
      });
      const times = [fixed(seconds, 0), fixed(seconds / count, 2), fixed(secondsToCleanUp / count, 2)];
      const figures = [count, name, ...times, failures, swapped];
      rows.push([...figures, status, ...cells]);
      // the largest take minutes
      process.stderr.write(`${rows.at(-1)?.join(' | ')}\n`);
    }
  }
  const heads = [
    'N',
    'refused calls of WAF use up quota',
    's',
    's a key',
    'before the clean-up',
    'failed',
    'swapped',
    'the stack ends in',
  ];
  return table([...heads, ...OPERATIONS], rows);
}

/** AwsCustomResource in real time, where refused calls use up no quota. */
export async function measureRival(): Promise<string> {
  const rows: Cell[][] = [];
  for (const count of RIVAL_COUNTS) {
    const { seconds, succeeded } = await rivalDeployment(count);
    rows.push([count, succeeded, count - succeeded, fixed(seconds)]);
  }
  return table(['N', 'keys created', 'failed', 's until the last response'], rows);
}
