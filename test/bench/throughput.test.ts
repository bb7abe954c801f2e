import { ThroughputAccount } from '../../bench/throughput/account';
import { Repetition } from '../../lambda/repetition';
import { steps } from '../../lambda/rhythm';
import { FUNCTION_TIMEOUT_SECONDS } from '../../lib/properties';

// virtual time costs real time on a machine that is busy
jest.setTimeout(60_000);

/** CloudFormation's limit of resources in a template, less those of the provider and some of the user's. */
const FULL_STACK = 490;
/** How much longer a deployment may take than the quota alone would have it. */
const ALLOWANCE = 1.15;
/** What the handler keeps of its time for a lost answer, for undoing and for answering. */
const RESERVES_SECONDS = 55;

const accountWith = (refusedCallsCount: boolean) =>
  new ThroughputAccount({
    seed: 1,
    refusedCallsCount,
    newRepetition: (clock, random) => new Repetition(clock, random, steps),
  });

test('thirty keys at once take hardly longer than the quota allows', async () => {
  const { seconds, failures } = await accountWith(false).create(30);

  expect(failures).toBe(0);
  expect(seconds).toBeLessThanOrEqual(ALLOWANCE * 30);
});

test('sixty keys at once are made and deleted even where refused calls use up quota', async () => {
  const account = accountWith(true);

  const made = await account.create(60);
  const deleted = await account.delete(made);

  expect(made.failures).toBe(0);
  expect(deleted.failures).toBe(0);
  expect(deleted.seconds).toBeLessThanOrEqual(ALLOWANCE * 60);
});

test('one run of the function is long enough for a full stack', () => {
  expect(FULL_STACK * ALLOWANCE).toBeLessThan(FUNCTION_TIMEOUT_SECONDS - RESERVES_SECONDS);
});
