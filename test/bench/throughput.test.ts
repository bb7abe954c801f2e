import { ThroughputAccount } from '../../bench/throughput/account';
import { timeBudget } from '../../lambda/timings';
import { FUNCTION_TIMEOUT_SECONDS } from '../../lib/properties';

// virtual time costs real time on a machine that is busy
jest.setTimeout(60_000);

/** CloudFormation's limit of resources in a template, less those of the provider and some of the user's. */
const FULL_STACK = 490;
/** How much longer a creation may take than the quota alone would have it. */
const ALLOWANCE = 1.15;

const accountOf = (count: number, refusedCallsCount: boolean, foreignKeys = 0) =>
  new ThroughputAccount(count, { seed: 1, refusedCallsCount, foreignKeys });

test('thirty keys at once take hardly longer than the quota allows, whatever else the account has', async () => {
  const { seconds, failures } = await accountOf(30, false, 500).create();

  expect(failures).toBe(0);
  expect(seconds).toBeLessThanOrEqual(ALLOWANCE * 30);
});

test('sixty keys at once are created and deleted even where refused calls use up quota', async () => {
  const account = accountOf(60, true);

  const created = await account.create();
  const deleted = await account.delete();

  expect(created.failures).toBe(0);
  expect(deleted).toMatchObject({ failures: 0, status: 'DELETE_COMPLETE' });
  expect(deleted.seconds).toBeLessThanOrEqual(ALLOWANCE * 60);
  expect(account.orphans).toBe(0);
});

test('thirty keys are replaced at once even where refused calls use up quota', async () => {
  const account = accountOf(30, true);
  await account.setUp();

  expect(await account.update()).toMatchObject({ failures: 0, status: 'UPDATE_COMPLETE' });
  expect(account.orphans).toBe(0);
});

test('thirty keys are back at once after a rollback', async () => {
  const account = accountOf(30, false);
  await account.setUp();

  expect(await account.rollBack()).toMatchObject({
    failures: 0,
    swapped: 0,
    status: 'UPDATE_ROLLBACK_COMPLETE',
  });
  expect(account.orphans).toBe(0);
});

test('one run of the function is long enough for a full stack', () => {
  const { toCreate } = timeBudget(FUNCTION_TIMEOUT_SECONDS * 1000);

  expect(FULL_STACK * ALLOWANCE).toBeLessThan(FUNCTION_TIMEOUT_SECONDS - toCreate / 1000);
});
