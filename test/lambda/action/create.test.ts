import { accessDenied, cut, failed, hanging, throttled } from '../../../local-aws/faults';
import { Account, idOf } from '../environment';
import { createEvent, deleteEvent, properties, STACK_ID, signedUrl, updateEvent } from '../event';

const DOMAINS = ['example.com'];

function creation(account: Account, more: Parameters<typeof createEvent>[1] = {}) {
  account.stack.stack('CREATE_IN_PROGRESS').resource('CREATE_IN_PROGRESS');
  return createEvent(properties(), { ResponseURL: signedUrl(account.clock.now()), ...more });
}

/** CloudFormation records the responses after a while. */
function recordAfter(account: Account, ms: number) {
  account.onResponse = async response => {
    await account.clock.sleep(ms);
    const id = response?.PhysicalResourceId;
    if (response?.Status === 'SUCCESS')
      account.stack.event('CREATE_IN_PROGRESS', id).resource('CREATE_COMPLETE', id);
    else account.stack.resource('CREATE_FAILED', id);
  };
}

test('a creation makes three calls, and reads one page however many keys there are', async () => {
  const account = new Account();
  for (let other = 0; other < 300; other += 1) {
    account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['elsewhere.example']);
  }
  recordAfter(account, 500);
  const response = await account.environment().invoke(creation(account));
  expect(response.Status).toBe('SUCCESS');
  expect(account.calls()).toEqual(['ListAPIKeys ok', 'CreateAPIKey ok']);
  expect(account.stack.reads).toEqual(['DescribeStackResource']);
});

describe('after the response', () => {
  test.each([
    ['events without the id', false],
    ['a creation that never starts', true],
  ])('a cancelled creation is undone: %s', async (_name, isOld) => {
    const account = new Account();
    const event = creation(account);
    const url = isOld
      ? `https://cloudformation.example/response?Expires=${account.clock.now() / 1000 + 7200}&Signature=s`
      : event.ResponseURL;
    account.onResponse = () => {
      account.stack.resource('CREATE_FAILED');
    };
    await account.wait(2000);
    const response = await account.environment().invoke({ ...event, ResponseURL: url });
    expect(response.Status).toBe('SUCCESS');
    expect(account.keys()).toEqual([]);
  });

  test('a key that is recorded late is left, whatever happened to an earlier request of the resource', async () => {
    const account = new Account();
    const environment = account.environment();
    account.waf.faults.next('CreateAPIKey', failed(400, 'WAFLimitExceededException', 'before'));
    const first = creation(account, { RequestId: 'first' });
    const marker = await environment.invoke(first);
    expect(marker).toMatchObject({
      Status: 'FAILED',
      PhysicalResourceId: 'WafCaptchaApiKey/create-failed/first',
    });
    account.stack.resource('CREATE_FAILED', marker.PhysicalResourceId).stack('CREATE_FAILED');
    await account.wait(60_000);

    account.stack.stack('UPDATE_IN_PROGRESS').resource('CREATE_IN_PROGRESS');
    account.onResponse = async response => {
      if (response?.Status !== 'SUCCESS' || !response.Data) return;
      account.stack.resource('DELETE_IN_PROGRESS', marker.PhysicalResourceId);
      await account.clock.sleep(2500);
      account.stack.event('DELETE_COMPLETE', marker.PhysicalResourceId);
      account.stack.resource('CREATE_COMPLETE', response.PhysicalResourceId);
    };
    const again = createEvent(properties(), { ResponseURL: signedUrl(account.clock.now()) });
    const created = await environment.invoke(again);
    expect(account.keys()).toEqual([created.Data?.APIKey]);

    const gone = await environment.invoke(deleteEvent(marker.PhysicalResourceId));
    expect(gone.Status).toBe('SUCCESS');
    expect(account.keys()).toHaveLength(1);
  });

  test('a key stays when only its response was lost, although the URL then refuses', async () => {
    const account = new Account();
    const attempts: number[] = [];
    account.put = async (_url, body) => {
      attempts.push(account.clock.now());
      if (attempts.length === 1) {
        const { PhysicalResourceId } = JSON.parse(body.toString());
        account.stack.resource('CREATE_COMPLETE', PhysicalResourceId);
        return { error: 'ECONNRESET', mayHaveArrived: true };
      }
      return { status: 403 };
    };
    await account.environment().run(creation(account));
    expect(attempts).toHaveLength(4);
    expect(account.keys()).toHaveLength(1);
  });

  test('a repetition of an event that was recorded long ago deletes nothing when the URL refuses', async () => {
    const account = new Account();
    const environment = account.environment();
    recordAfter(account, 500);
    const event = creation(account);
    const { Data } = await environment.invoke(event);
    account.put = async () => ({ status: 403 });
    await environment.run(event);
    expect(account.keys()).toEqual([Data?.APIKey]);
  });

  test.each([400, 403, 404, 410, 307])(
    'a key is deleted when the URL responds with %i three times',
    async status => {
      const account = new Account();
      let attempts = 0;
      account.put = async () => {
        attempts += 1;
        return { status };
      };
      const startedAt = account.clock.now();
      await account.environment().run(creation(account));
      expect(attempts).toBe(3);
      expect(account.keys()).toEqual([]);
      expect(account.clock.now() - startedAt).toBeLessThan(10_000);
    },
  );

  test('a key is deleted when no connection to the URL was ever established, and the event fails', async () => {
    const account = new Account();
    account.put = async () => ({ error: 'connect ECONNREFUSED', mayHaveArrived: false });
    const environment = account.environment();
    const event = creation(account);
    await expect(environment.run(event, 120_000)).rejects.toThrow(
      'the response URL did not accept the response',
    );
    expect(account.keys()).toEqual([]);

    account.put = async (_url, body) => {
      account.responses.push(JSON.parse(body.toString()));
      return { status: 200 };
    };
    const { Data } = await environment.invoke(event);
    expect(account.keys()).toEqual([Data?.APIKey]);
  });

  test('a key stays, and its id is logged, when a response may have arrived and the time is up', async () => {
    const account = new Account();
    account.put = async () => ({ error: 'ECONNRESET', mayHaveArrived: true });
    await expect(account.environment().run(creation(account), 120_000)).rejects.toThrow();
    const [key = ''] = account.keys();
    expect(account.logLines.join('\n')).toContain(idOf(key));
  });
});

describe('CreateAPIKey without a clear response', () => {
  test.each([
    ['503', failed(503, 'ServiceUnavailable', 'before')],
    ['500 with an effect', failed(500, 'InternalError', 'after')],
    ['cut', cut('after')],
    ['silent', hanging('before')],
  ])('never claims a key that it did not get: %s', async (_name, fault) => {
    const account = new Account();
    const neighbours: string[] = [];
    account.waf.faults.when(({ operation }) => {
      if (operation !== 'CreateAPIKey' || neighbours.length > 0) return undefined;
      neighbours.push(account.waf.createForeignKey('eu-west-1', 'REGIONAL', DOMAINS).apiKey);
      return fault;
    });
    recordAfter(account, 500);
    const { Data } = await account.environment().invoke(creation(account));
    expect(neighbours).not.toContain(Data?.APIKey);
    expect(account.keys()).toEqual(expect.arrayContaining(neighbours));
    const orphans = account.logLines.find(line => line.includes('orphan candidates')) ?? '';
    for (const key of account.keys()) {
      expect(orphans.includes(idOf(key))).toBe(key !== Data?.APIKey);
    }
  });
});

describe('a creation that waits for the quota', () => {
  async function waiting(write: (account: Account) => void) {
    const account = new Account();
    account.waf.faults.when(({ operation }) => (operation === 'CreateAPIKey' ? throttled() : undefined));
    const event = creation(account);
    account.clock.sleep(5000).then(() => write(account));
    const startedAt = account.clock.now();
    const { Reason } = await account.environment().invoke(event);
    return { Reason, seconds: (account.clock.now() - startedAt) / 1000 };
  }

  test.each<[string, (account: Account) => void]>([
    ['failed', account => account.stack.resource('CREATE_FAILED')],
    [
      'is being deleted after it failed',
      account => account.stack.event('CREATE_FAILED').resource('DELETE_IN_PROGRESS', 'invented'),
    ],
  ])('ends when its resource %s', async (_name, write) => {
    const { Reason, seconds } = await waiting(write);
    expect(Reason).toContain('CloudFormation cancelled this request');
    expect(seconds).toBeLessThan(60);
  });

  test('continues while the leftovers of an earlier request are deleted', async () => {
    const { Reason, seconds } = await waiting(account =>
      account.stack.resource('DELETE_IN_PROGRESS', 'marker'),
    );
    expect(Reason).toContain('ThrottlingException');
    expect(seconds).toBeGreaterThan(600);
  });
});

describe('failing well', () => {
  test.each([
    ['ListAPIKeys', throttled(), 'ListAPIKeys in eu-west-1: ThrottlingException: Rate exceeded'],
    ['CreateAPIKey', throttled(), 'CreateAPIKey in eu-west-1: ThrottlingException: Rate exceeded'],
    ['CreateAPIKey', accessDenied('wafv2:CreateAPIKey'), 'AccessDeniedException: User: arn:aws:sts'],
    ['ListAPIKeys', hanging('before'), 'ListAPIKeys in eu-west-1'],
  ])('%s that fails for good is named in the reason', async (operation, fault, expected) => {
    const account = new Account();
    account.waf.faults.when(call => (call.operation === operation ? fault : undefined));
    const response = await account.environment().invoke(creation(account));
    expect(response.Status).toBe('FAILED');
    expect(response.Reason).toContain(expected);
    expect(response.PhysicalResourceId).toContain('create-failed');
  });

  test.each([60_000, 91_000])('a function of %i ms creates a key', async timeout => {
    const account = new Account();
    const response = await account.environment().invoke(creation(account), timeout);
    expect(response.Status).toBe('SUCCESS');
    expect(account.keys()).toHaveLength(1);
  });

  test.each([
    ['an hour after its signature', (now: number) => signedUrl(now - 3_600_000)],
    ['an hour before its end', (now: number) => `https://c.example/?Expires=${now / 1000 + 3600}`],
  ])('a request creates nothing %s', async (_name, url) => {
    const account = new Account();
    const response = await account
      .environment()
      .invoke(creation(account, { ResponseURL: url(account.clock.now()) }));
    expect(response.Reason).toContain('no longer waits');
    expect(account.keys()).toEqual([]);
  });

  test('an event of another stack is refused with its own id, and nothing is read or deleted', async () => {
    const account = new Account();
    const { apiKey } = account.waf.createForeignKey('eu-west-1', 'REGIONAL', DOMAINS);
    const environment = account.environment(STACK_ID.replace('shop', 'other'));
    for (const event of [
      deleteEvent(idOf(apiKey)),
      updateEvent(idOf(apiKey), properties(['a.example']), {}),
    ]) {
      const response = await environment.invoke(event);
      expect(response).toMatchObject({ Status: 'FAILED', PhysicalResourceId: idOf(apiKey) });
      expect(response.Reason).toMatch(/^StackId: expected .*other.*, got .*shop/);
    }
    expect(account.calls()).toEqual([]);
    expect(account.stack.reads).toEqual([]);
  });
});
