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
/** What is counted, a key. */
const OPERATIONS = [
  'CreateAPIKey',
  'ListAPIKeys',
  'DescribeStacks',
  'DescribeStackResource',
  'ListStackResources',
  'DescribeStackEvents',
];

interface Scenario {
  readonly title: string;
  readonly foreignKeys: number;
  readonly operate: (account: ThroughputAccount) => Promise<Outcome & { readonly swapped?: number }>;
}

const SCENARIOS: readonly Scenario[] = [
  {
    title: `Creation of N keys in an account with ${FOREIGN_KEYS} others`,
    foreignKeys: FOREIGN_KEYS,
    operate: account => account.create(),
  },
  {
    title: 'Update of N keys to other domains, and the clean-up after it',
    foreignKeys: 0,
    operate: async account => {
      await account.setUp();
      return account.update();
    },
  },
  {
    title: 'Rollback of such an update, and the clean-up after it',
    foreignKeys: 0,
    operate: async account => {
      await account.setUp();
      return account.rollBack();
    },
  },
  {
    title: 'Deletion of a stack with N keys',
    foreignKeys: 0,
    operate: async account => {
      await account.setUp();
      return account.delete();
    },
  },
];

/** All keys of a stack at once, in virtual time; and AwsCustomResource in real time. */
export async function measureThroughput(counts: readonly number[] = COUNTS): Promise<string> {
  const sections: string[] = [];
  for (const scenario of SCENARIOS) sections.push(`${scenario.title}\n\n${await outcomes(scenario, counts)}`);
  sections.push(
    `N keys with AwsCustomResource, in real time (refused calls use up no quota)\n\n${await rivals()}`,
  );
  return sections.join('\n\n');
}

async function outcomes({ foreignKeys, operate }: Scenario, counts: readonly number[]): Promise<string> {
  const rows: Cell[][] = [];
  for (const count of counts) {
    for (const { name, refusedCallsCount } of QUOTAS) {
      const account = new ThroughputAccount(count, { seed: 1, refusedCallsCount, foreignKeys });
      const { seconds, failures, swapped = 0, status, calls } = await operate(account);
      const cells = OPERATIONS.map(operation => {
        const { accepted, refused } = calls.count(operation);
        return accepted + refused === 0 ? '–' : `${fixed(accepted / count)} + ${fixed(refused / count)}`;
      });
      rows.push([
        count,
        name,
        fixed(seconds, 0),
        fixed(seconds / count, 2),
        failures,
        swapped,
        status,
        ...cells,
      ]);
    }
  }
  const heads = [
    'N',
    'refused calls of WAF use up quota',
    's',
    's a key',
    'failed',
    'swapped',
    'the stack ends in',
  ];
  return table([...heads, ...OPERATIONS], rows);
}

async function rivals(): Promise<string> {
  const rows: Cell[][] = [];
  for (const count of RIVAL_COUNTS) {
    const { seconds, succeeded } = await rivalDeployment(count);
    rows.push([count, succeeded, count - succeeded, fixed(seconds)]);
  }
  return table(['N', 'keys created', 'failed', 's until the last response'], rows);
}
