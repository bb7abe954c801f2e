import type { CallOptions } from '../../../lambda/aws/retry';
import { accessDenied, cut, failed, hanging, throttled } from '../../../local-aws/faults';
import { sdkError } from '../../virtual-account/sdk-error';
import { Account, idOf } from '../environment';
import { createEvent, deleteEvent, properties, STACK_ID, signedUrl } from '../event';

/** A Create that the record shows in progress. */
function creation(account: Account, more: Parameters<typeof createEvent>[1] = {}) {
  account.stack.stack('CREATE_IN_PROGRESS').resource('CREATE_IN_PROGRESS', undefined, more.LogicalResourceId);
  return createEvent(properties(), { ResponseURL: signedUrl(account.clock.now()), ...more });
}

/** A Create in too little time to look at the record after the response: its key stays pending. */
async function pendingKey(account: Account, environment = account.environment(), more = {}) {
  const { Data } = await environment.invoke(creation(account, more), 2000);
  await account.wait(5000);
  return Data?.APIKey ?? '';
}

function deletion(account: Account, id: string) {
  return deleteEvent(id, properties(), { ResponseURL: signedUrl(account.clock.now()) });
}

/** CloudFormation has the new id in its record as soon as it has the response. */
function recordAtOnce(account: Account) {
  account.onResponse = response => {
    account.stack.resource('CREATE_COMPLETE', response?.PhysicalResourceId);
  };
}

/** Collects the reads and their times, in seconds after the response or after the start, whichever is later. */
function timedReads(account: Account) {
  const reads: [operation: string, seconds: number][] = [];
  let start = account.clock.now();
  account.onResponse = () => {
    start = account.clock.now();
  };
  account.stack.onRead = operation => reads.push([operation, (account.clock.now() - start) / 1000]);
  return reads;
}

const calls = (account: Account, operation: string) =>
  account.waf.calls.filter(call => call.operation === operation);

const COULD_NOT_READ = 'could not read what became of the new key';
const LEFT = 'left the new key to CloudFormation';

test('a new key is logged by its id', async () => {
  const account = new Account();
  const key = await pendingKey(account);
  expect(account.logged('created a key')).toEqual([{ id: idOf(key) }]);
});

describe('what becomes of the new key', () => {
  test('is looked for 4, 12, 30 and 60 s after the response while the operation goes on, then the key is left', async () => {
    const account = new Account();
    const reads = timedReads(account);
    const { PhysicalResourceId: id } = await account.environment().invoke(creation(account));
    expect(reads).toEqual([
      ['DescribeStackResource', 4],
      ['DescribeStackResource', 12],
      ['DescribeStackResource', 30],
      ['DescribeStackResource', 60],
      ['DescribeStackEvents', 60],
    ]);
    expect(account.logged(LEFT)).toEqual([{ id }]);
    expect(account.logged(COULD_NOT_READ)).toEqual([]);
    expect(account.keys()).toHaveLength(1);
  });

  test.each([
    [30_000, [4, 12]],
    [30_500, [4, 12, 30]],
    [60_000, [4, 12, 30]],
  ])('is not looked for any more when the %d ms are up', async (timeout, seconds) => {
    const account = new Account();
    const reads = timedReads(account);
    const startedAt = account.clock.now();
    const { PhysicalResourceId: id } = await account.environment().invoke(creation(account), timeout);
    expect(reads).toEqual(seconds.map(second => ['DescribeStackResource', second]));
    expect(account.clock.now() - startedAt).toBe((seconds.at(-1) ?? 0) * 1000);
    expect(account.logged(LEFT)).toEqual([{ id }]);
    expect(account.logged(COULD_NOT_READ)).toEqual([]);
  });

  test('is not looked for again when the record names the key, which no later event undoes', async () => {
    const account = new Account();
    const environment = account.environment();
    recordAtOnce(account);
    const event = creation(account);
    const { Data } = await environment.invoke(event);
    expect(account.stack.reads).toEqual(['DescribeStackResource']);
    expect(account.logged(LEFT)).toEqual([]);
    await environment.invoke(deletion(account, `WafCaptchaApiKey/create-failed/${event.RequestId}`));
    expect(account.keys()).toEqual([Data?.APIKey]);
  });

  test('is looked for at once when no response could be sent', async () => {
    const account = new Account();
    const reads = timedReads(account);
    let lastAttempt = 0;
    const startedAt = account.clock.now();
    account.put = async () => {
      lastAttempt = account.clock.now();
      return { error: 'connect ECONNREFUSED', mayHaveArrived: false };
    };
    await expect(account.environment().run(creation(account), 120_000)).rejects.toThrow();
    expect(reads).toEqual([['DescribeStackResource', (lastAttempt - startedAt) / 1000]]);
    expect(account.logged('deleted the new key')).toEqual(account.logged('created a key'));
    expect(account.logged('deleted the new key')).toHaveLength(1);
  });

  test('is logged as unknown when the record cannot be read, and the key is left', async () => {
    const account = new Account();
    account.stack.onRead = () => {
      throw sdkError('AccessDenied', 'not authorized', 403);
    };
    const { PhysicalResourceId: id } = await account.environment().invoke(creation(account));
    const error = expect.stringMatching(
      /DescribeStackResource: AccessDenied: not authorized, after \d+ attempts$/,
    );
    expect(account.logged(COULD_NOT_READ)).toEqual([{ id, error }]);
    expect(account.logged(LEFT)).toEqual([{ id }]);
    expect(account.keys()).toHaveLength(1);
  });

  test('is unknown, and not an error, when the stack is gone', async () => {
    const account = new Account();
    account.stack.onRead = () => {
      throw sdkError('ValidationError', 'Stack does not exist');
    };
    const { PhysicalResourceId: id } = await account.environment().invoke(creation(account));
    expect(account.logged(COULD_NOT_READ)).toEqual([]);
    expect(account.logged(LEFT)).toEqual([{ id }]);
  });

  test.each([
    ['one page, whatever happened before the request', 0, 1],
    ['page by page, as far back as the request', 150, 2],
  ])('is found in the events: %s', async (_name, more, pages) => {
    const account = new Account();
    const others = (count: number) => {
      for (let other = 0; other < count; other += 1) account.stack.event('UPDATE_COMPLETE', 'x', 'Other');
    };
    others(400);
    await account.wait(1000);
    account.onResponse = async () => {
      await account.clock.sleep(2000);
      account.stack.resource('CREATE_FAILED');
      others(more);
    };
    await account.environment().invoke(creation(account));
    expect(account.keys()).toEqual([]);
    expect(account.stack.reads.filter(read => read === 'DescribeStackEvents')).toHaveLength(pages);
  });
});

describe('a pending key', () => {
  test('is deleted once, and another one stays pending', async () => {
    const account = new Account();
    const environment = account.environment();
    const first = await pendingKey(account, environment, { RequestId: 'first' });
    const second = await pendingKey(account, environment, { RequestId: 'second' });
    const undo = (request: string) =>
      environment.invoke(deletion(account, `WafCaptchaApiKey/create-failed/${request}`));
    await undo('first');
    await undo('first');
    expect(account.keys()).toEqual([second]);
    expect(calls(account, 'DeleteAPIKey')).toHaveLength(1);
    await undo('second');
    expect(account.keys()).toEqual([]);
    expect(account.logged('deleted the new key')).toEqual([{ id: idOf(first) }, { id: idOf(second) }]);
  });

  test('is not deleted again after CloudFormation deleted its resource', async () => {
    const account = new Account();
    const environment = account.environment();
    const key = await pendingKey(account, environment, { RequestId: 'first' });
    account.stack.stack('DELETE_IN_PROGRESS').resource('DELETE_IN_PROGRESS', idOf(key));
    await environment.invoke(deletion(account, idOf(key)));
    await environment.invoke(deletion(account, 'WafCaptchaApiKey/create-failed/first'));
    expect(calls(account, 'DeleteAPIKey')).toHaveLength(1);
  });

  test.each<[string, { LogicalResourceId?: string; StackId?: string }]>([
    ['another resource', { LogicalResourceId: 'Other' }],
    ['another stack', { StackId: STACK_ID.replace('/shop/', '/other/') }],
  ])('stays when the events of %s are asked about', async (_name, more) => {
    const account = new Account();
    const environment = account.environment();
    const key = await pendingKey(account, environment, more);
    account.stack.resource('CREATE_FAILED', undefined, more.LogicalResourceId);
    await account.wait(5000);
    await environment.invoke(deletion(account, 'shop-CaptchaKey-1A2B3C'));
    expect(account.keys()).toEqual([key]);
  });

  test('stays when its events cannot be read, which is logged within half a minute after the grace', async () => {
    const account = new Account();
    const environment = account.environment();
    const key = await pendingKey(account, environment);
    account.stack.onRead = () => {
      throw sdkError('Throttling', 'Rate exceeded');
    };
    const startedAt = account.clock.now();
    await environment.invoke(deletion(account, 'shop-CaptchaKey-1A2B3C'));
    const error = expect.stringMatching(
      /DescribeStackEvents: Throttling: Rate exceeded, after \d+ attempts$/,
    );
    expect(account.logged(COULD_NOT_READ)).toEqual([{ id: idOf(key), error }]);
    expect(account.keys()).toEqual([key]);
    expect(account.clock.now() - startedAt).toBeLessThan(80_000);
  });

  test('is not waited for until the response is late, however short the function', async () => {
    const account = new Account();
    const environment = account.environment();
    await pendingKey(account, environment);
    account.stack.onRead = () => {
      throw sdkError('Throttling', 'Rate exceeded');
    };
    const response = await environment.invoke(deletion(account, 'shop-CaptchaKey-1A2B3C'), 60_000);
    expect(response.Status).toBe('SUCCESS');
  });

  test('that cannot be deleted is what the failed request answers with, and is logged', async () => {
    // too long for a response
    const account = new Account({ integrationUrl: () => `https://waf.example/${'x'.repeat(2048)}/` });
    const fault = failed(400, 'WAFInvalidOperationException', 'before');
    account.waf.faults.when(({ operation }) => (operation === 'DeleteAPIKey' ? fault : undefined));
    const response = await account.environment().invoke(creation(account));
    const [key = ''] = account.keys();
    expect(response).toMatchObject({ Status: 'FAILED', PhysicalResourceId: idOf(key) });
    const error = expect.stringContaining('DeleteAPIKey in eu-west-1: WAFInvalidOperationException');
    const entries = account.logged('could not delete the new key');
    expect(entries[0]).toEqual({ id: idOf(key), error });
    expect(account.logged('deleted the new key')).toEqual([]);
  });

  test('that cannot be deleted is answered again if the event is repeated', async () => {
    const account = new Account();
    const environment = account.environment();
    const fault = failed(400, 'WAFInvalidOperationException', 'before');
    account.waf.faults.when(({ operation }) => (operation === 'DeleteAPIKey' ? fault : undefined));
    const take = account.put;
    account.put = async () => ({ status: 403 });
    const event = creation(account);
    await environment.run(event);
    account.put = take;
    const { Data } = await environment.invoke(event);
    expect(account.keys()).toEqual([Data?.APIKey]);
  });
});

describe('a creation that waits for the quota', () => {
  /** Runs a Create that the quota never lets through. */
  async function waiting(prepare: (account: Account) => void = () => undefined) {
    const account = new Account();
    account.waf.faults.when(({ operation }) => (operation === 'CreateAPIKey' ? throttled() : undefined));
    const event = creation(account);
    const reads: [operation: string, seconds: number][] = [];
    const startedAt = account.clock.now();
    const seconds = () => (account.clock.now() - startedAt) / 1000;
    account.stack.onRead = operation => reads.push([operation, seconds()]);
    prepare(account);
    const { Reason } = await account.environment().invoke(event);
    return { Reason, reads, seconds: seconds(), failures: account.logged(COULD_NOT_RECHECK) };
  }

  const COULD_NOT_RECHECK = 'could not read whether the request still stands';
  const CANCELLED = 'CloudFormation cancelled this request';
  const THROTTLED = expect.stringContaining('CreateAPIKey in eu-west-1: ThrottlingException');

  test('looks at its entry after 20 s, then after twice as long each time', async () => {
    const { Reason, reads, failures } = await waiting();
    expect(Reason).toEqual(THROTTLED);
    expect(new Set(reads.map(([operation]) => operation))).toEqual(new Set(['DescribeStackResource']));
    const times = reads.map(([, seconds]) => seconds);
    const intervals = times.map((time, index) => time - (times[index - 1] ?? 0));
    expect(intervals).toHaveLength(5);
    for (const [index, interval] of intervals.entries()) {
      // an attempt begins with its slot of the quota, and slots thin out
      expect(interval / (20 * 2 ** index)).toBeGreaterThanOrEqual(1);
      expect(interval / (20 * 2 ** index)).toBeLessThan(1.2);
    }
    expect(failures).toEqual([]);
  });

  test('continues while its entry is not shown yet', async () => {
    const { Reason, failures } = await waiting(account => account.stack.gone());
    expect(Reason).toEqual(THROTTLED);
    expect(failures).toEqual([]);
  });

  test('ends when its entry is gone after it was shown', async () => {
    const { Reason, seconds, failures } = await waiting(account => {
      account.clock.sleep(30_000).then(() => account.stack.gone());
    });
    expect(Reason).toContain(CANCELLED);
    expect(seconds).toBeGreaterThan(60);
    expect(seconds).toBeLessThan(70);
    expect(failures).toEqual([]);
  });

  test('ends by a failed entry alone, and by one that is being deleted only with its events', async () => {
    const failedAt5s = await waiting(account => {
      account.clock.sleep(5000).then(() => account.stack.resource('CREATE_FAILED'));
    });
    expect(failedAt5s.Reason).toContain(CANCELLED);
    expect(failedAt5s.reads.map(([operation]) => operation)).toEqual(['DescribeStackResource']);
    const deletedAt5s = await waiting(account => {
      account.clock
        .sleep(5000)
        .then(() => account.stack.event('CREATE_FAILED').resource('DELETE_IN_PROGRESS', 'x'));
    });
    expect(deletedAt5s.Reason).toContain(CANCELLED);
    expect(deletedAt5s.reads.map(([operation]) => operation)).toEqual([
      'DescribeStackResource',
      'DescribeStackEvents',
    ]);
  });

  test('continues after an entry that failed before the request', async () => {
    const { Reason } = await waiting(account => {
      // within the second of the signature
      account.stack.resource('CREATE_FAILED');
    });
    expect(Reason).toEqual(THROTTLED);
  });

  test('continues when its entry cannot be read, which takes a few seconds and is logged', async () => {
    const times: number[] = [];
    const { Reason, failures } = await waiting(account => {
      const startedAt = account.clock.now();
      account.stack.onRead = () => {
        times.push((account.clock.now() - startedAt) / 1000);
        throw sdkError('Throttling', 'Rate exceeded');
      };
    });
    expect(Reason).toEqual(THROTTLED);
    const error = expect.stringMatching(
      /DescribeStackResource: Throttling: Rate exceeded, after \d+ attempt/,
    );
    expect(failures.length).toBeGreaterThan(3);
    expect(failures[0]).toEqual({ error });
    const [first = 0] = times;
    expect(first).toBeLessThan(22);
    expect(times.filter(time => time > first + 6 && time < first + 40)).toEqual([]);
  });

  test('continues when the reads of its entry are never answered', async () => {
    const { Reason, failures } = await waiting(account => {
      const silent = (_input: unknown, { abortSignal }: CallOptions) =>
        new Promise((_resolve, reject) => {
          abortSignal.addEventListener('abort', () => reject(abortSignal.reason));
        });
      Object.assign(account.stack.calls, { describeStackResource: silent });
    });
    expect(Reason).toEqual(THROTTLED);
    expect(failures.length).toBeGreaterThan(3);
  });
});

describe('orphan candidates', () => {
  const ORPHANS = 'orphan candidates: CreateAPIKey got no clear response, and ownership cannot be determined';

  test.each([
    ['half a minute after the response', 900_000, () => 30_000],
    ['after half of the time that is left', 30_000, (left: number) => left / 2],
  ])('are listed %s', async (_name, timeout, expected) => {
    const account = new Account();
    account.waf.faults.next('CreateAPIKey', cut('after'));
    const deadline = account.clock.now() + timeout;
    let respondedAt = 0;
    account.onResponse = response => {
      respondedAt = account.clock.now();
      account.stack.resource('CREATE_COMPLETE', response?.PhysicalResourceId);
    };
    await account.environment().invoke(creation(account), timeout);
    const listedAt = calls(account, 'ListAPIKeys').at(-1)?.at ?? 0;
    // what must be left when the function returns
    expect(listedAt - respondedAt).toBeCloseTo(expected(deadline - 500 - respondedAt), 3);
    expect(account.logged(ORPHANS)).toHaveLength(1);
  });

  test('are those since the first call without a clear response', async () => {
    const account = new Account();
    account.waf.faults.next('CreateAPIKey', cut('after'));
    account.waf.faults.next('CreateAPIKey', failed(503, 'ServiceUnavailable', 'before'), 5);
    recordAtOnce(account);
    const { Data } = await account.environment().invoke(creation(account));
    const [orphan = '', key] = account.keys();
    expect(key).toBe(Data?.APIKey);
    expect(account.logged(ORPHANS)).toEqual([{ ids: [idOf(orphan)] }]);
  });

  test('that were read are logged even if not all can be', async () => {
    const account = new Account({ pageSize: 1 });
    account.waf.faults.next('CreateAPIKey', cut('after'));
    let lists = 0;
    account.waf.faults.when(({ operation }) => {
      if (operation === 'ListAPIKeys') lists += 1;
      return operation === 'ListAPIKeys' && lists > 2 ? throttled() : undefined;
    });
    recordAtOnce(account);
    await account.environment().invoke(creation(account));
    const [orphan = ''] = account.keys();
    expect(account.logged('could not list all orphan candidates')).toMatchObject([{ ids: [idOf(orphan)] }]);
  });

  test('that cannot be listed are logged as such, and the key stays', async () => {
    const account = new Account();
    account.waf.faults.next('CreateAPIKey', hanging('after'));
    let isResponded = false;
    account.waf.faults.when(({ operation }) =>
      isResponded && operation === 'ListAPIKeys' ? accessDenied('wafv2:ListAPIKeys') : undefined,
    );
    account.onResponse = response => {
      isResponded = true;
      account.stack.resource('CREATE_COMPLETE', response?.PhysicalResourceId);
    };
    const event = creation(account);
    const { Data } = await account.environment().invoke(event);
    const error = expect.stringContaining('ListAPIKeys in eu-west-1: AccessDeniedException');
    expect(account.logged('could not list all orphan candidates')).toEqual([
      { requestId: event.RequestId, ids: [], error },
    ]);
    expect(account.logged(ORPHANS)).toEqual([]);
    expect(account.keys()).toContain(Data?.APIKey);
  });
});
