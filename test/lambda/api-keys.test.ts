import { physicalIdOf } from '../../lambda/physical-id';
import { accessDenied, cut, failed, hanging, slow, throttled } from '../../local-aws/faults';
import type { Wafv2Options } from '../../local-aws/wafv2';
import { Account, stackEvent } from './environment';
import { createEvent, deleteEvent, properties, updateEvent } from './event';

function count(account: Account, call: string): number {
  return account.calls().filter(other => other === call).length;
}

describe('listing', () => {
  const manyPages: [string, Partial<Wafv2Options>][] = [
    ['no marker on the last page', { pageSize: 2, lastMarker: 'absent' }],
    ['an empty marker on the last page', { pageSize: 2, lastMarker: 'empty' }],
    ['a marker that leads to an empty page', { pageSize: 2, lastMarker: 'dangling' }],
    ['a marker that leads to the same page again', { pageSize: 2, lastMarker: 'repeated' }],
  ];

  test.each(manyPages)('finds a key on the last of many pages with %s', async (_what, options) => {
    const account = new Account(options);
    for (let i = 0; i < 4; i += 1) account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent());

    const kept = await account.environment().invoke(updateEvent(id, properties(), properties()));
    expect(kept.PhysicalResourceId).toBe(id);

    await account.environment().invoke(deleteEvent(id));
    expect(account.waf.keys()).toHaveLength(4);
  });

  test('goes on through throttles, server errors, silence and cut connections', async () => {
    const account = new Account();
    account.waf.faults.next('ListAPIKeys', throttled());
    account.waf.faults.next('ListAPIKeys', failed(500, 'WAFInternalErrorException', 'before'));
    account.waf.faults.next('ListAPIKeys', hanging('before'));
    account.waf.faults.next('ListAPIKeys', cut('before'));

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Status).toBe('SUCCESS');
    expect(account.waf.keys()).toHaveLength(1);
  });

  test('without an integration URL makes nothing', async () => {
    const account = new Account();
    const { service } = account.waf;
    Object.assign(account.waf, {
      service: async (request: Parameters<typeof service>[0]) => {
        const response = await service(request);
        return { ...response, body: String(response.body).replace('ApplicationIntegrationURL', 'Other') };
      },
    });

    const answer = await account.environment().invoke(createEvent());

    expect(answer).toMatchObject({
      Status: 'FAILED',
      Reason: 'ListAPIKeys: expected an ApplicationIntegrationURL, got none',
    });
    expect(account.waf.keys()).toEqual([]);
  });
});

describe('creating', () => {
  test('waits through twenty throttles in a row', async () => {
    const account = new Account({ quota: 'unlimited' });
    account.waf.faults.next('CreateAPIKey', throttled(), 20);

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Status).toBe('SUCCESS');
    expect(count(account, 'CreateAPIKey ThrottlingException')).toBe(20);
    expect(account.waf.keys()).toHaveLength(1);
  });

  test('gives up in time when the throttles never end', async () => {
    const account = new Account();
    account.waf.faults.next('CreateAPIKey', throttled(), 10_000);
    const startedAt = account.clock.now();

    const answer = await account.environment().invoke(createEvent());

    expect(answer).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(
        /^CreateAPIKey in eu-west-1: ThrottlingException: Rate exceeded, after \d+ attempts$/,
      ),
    });
    expect(account.clock.now() - startedAt).toBeLessThan(900_000);
    expect(account.clock.now() - startedAt).toBeGreaterThan(800_000);
  });

  test.each([
    ['answered 500', failed(500, 'WAFInternalErrorException', 'after')],
    ['answered with an unmodelled 503', failed(503, 'ServiceUnavailable', 'after')],
    ['never answered', hanging('after')],
    ['cut off', cut('after')],
    ['answered too late', slow(60_000)],
  ])('leaves exactly one key when it made one and was %s', async (_what, fault) => {
    const account = new Account();
    account.waf.faults.next('CreateAPIKey', fault);

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Status).toBe('SUCCESS');
    expect(account.waf.keys().map(({ apiKey }) => apiKey)).toEqual([answer.Data?.APIKey]);
  });

  test.each([
    ['answered 500', failed(500, 'WAFInternalErrorException', 'before')],
    ['never answered', hanging('before')],
    ['cut off', cut('before')],
  ])('tries again when it made none and was %s', async (_what, fault) => {
    const account = new Account();
    account.waf.faults.next('CreateAPIKey', fault);

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Status).toBe('SUCCESS');
    expect(account.waf.keys()).toHaveLength(1);
  });

  test('does not take a key that was there before for a lost one', async () => {
    const account = new Account();
    const foreign = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
    account.waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'before'));

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Data?.APIKey).not.toBe(foreign.apiKey);
    expect(account.waf.keys()).toHaveLength(2);
  });

  test('does not take a new key with other domains for a lost one', async () => {
    const account = new Account();
    account.waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'before'));
    account.waf.faults.when(({ operation }) => {
      if (operation === 'CreateAPIKey')
        account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.org']);
      return undefined;
    });

    const answer = await account.environment().invoke(createEvent());

    const taken = account.waf.keys().find(({ apiKey }) => apiKey === answer.Data?.APIKey);
    expect(taken?.tokenDomains).toEqual(['example.com']);
  });

  test('leaves two new keys alone when it cannot tell which is its own, and logs their ids', async () => {
    const account = new Account();
    account.waf.faults.when(({ operation }) => {
      if (operation !== 'CreateAPIKey' || account.waf.keys().length > 0) return undefined;
      account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
      return failed(500, 'WAFInternalErrorException', 'after');
    });

    const answer = await account.environment().invoke(createEvent());

    expect(account.waf.keys()).toHaveLength(3);
    expect(account.waf.keys().at(-1)?.apiKey).toBe(answer.Data?.APIKey);
    const line = account.logLines.find(text => text.includes('left alone'));
    expect(line?.match(/WafCaptchaApiKey\/REGIONAL\/eu-west-1\/[0-9a-f]{64}/g)).toHaveLength(2);
  });

  test('does not take a new key for its own when another one came up after an earlier attempt', async () => {
    const account = new Account();
    const attempts: number[] = [];
    let rival: string | undefined;
    account.waf.faults.when(({ operation }) => {
      if (operation !== 'CreateAPIKey') return undefined;
      attempts.push(account.clock.now());
      if (attempts.length === 1) {
        // the first one is too late to be taken for the answer of the first attempt
        void account.clock.sleep(8_000).then(() => {
          rival = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']).apiKey;
        });
      } else if (attempts.length === 2) {
        account.waf.deleteByHand(String(rival));
        rival = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']).apiKey;
      } else return undefined;
      return failed(500, 'WAFInternalErrorException', 'before');
    });

    const answer = await account.environment().invoke(createEvent());

    expect(attempts).toHaveLength(3);
    expect(answer.Data?.APIKey).not.toBe(rival);
    expect(account.waf.keys()).toHaveLength(2);
  });

  test.each([
    [
      'somebody else has a key with these domains already',
      (account: Account) => {
        account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
      },
    ],
    [
      'another resource of the stack wants the same domains',
      (account: Account) => {
        const rival = { logicalResourceId: 'OtherKey', properties: properties(['Example.com']) };
        account.events = [stackEvent('CREATE_IN_PROGRESS', rival), stackEvent('CREATE_IN_PROGRESS')];
      },
    ],
    [
      'the events of the stack cannot be read',
      (account: Account) => {
        account.events = undefined;
      },
    ],
    [
      'the events of the stack do not show the request yet',
      (account: Account) => {
        account.events = [];
      },
    ],
  ])('does not take a new key for its own when %s, and logs its id', async (_what, given) => {
    const account = new Account();
    given(account);
    const before = account.waf.keys().length;
    account.waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'after'));

    const answer = await account.environment().invoke(createEvent());

    expect(account.waf.keys()).toHaveLength(before + 2);
    expect(account.waf.keys().at(-1)?.apiKey).toBe(answer.Data?.APIKey);
    expect(account.logLines.some(line => /left alone.*WafCaptchaApiKey\/REGIONAL/.test(line))).toBe(true);
  });

  test.each([
    [
      'another resource of the stack wants other domains',
      { logicalResourceId: 'OtherKey', properties: properties(['a.de']) },
    ],
    [
      'another resource of the stack wants the same domains in the other scope',
      { logicalResourceId: 'OtherKey', properties: properties(['example.com'], 'CLOUDFRONT') },
    ],
    [
      'another resource is of another type',
      { logicalResourceId: 'Other', resourceType: 'AWS::SSM::Parameter' },
    ],
  ])('takes the lost key when %s', async (_what, other) => {
    const account = new Account();
    account.events = [stackEvent('CREATE_IN_PROGRESS', other), stackEvent('CREATE_IN_PROGRESS')];
    account.waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'after'));

    await account.environment().invoke(createEvent());

    expect(account.waf.keys()).toHaveLength(1);
  });

  test.each([
    ['is not made without the time to look for it if its answer is lost', 85_000, 'FAILED', 0],
    ['is made while there is time for that', 95_000, 'SUCCESS', 1],
  ])('%s', async (_what, remainingMs, status, made) => {
    const account = new Account();

    const answer = await account.environment().invoke(createEvent(), remainingMs);

    expect(answer.Status).toBe(status);
    expect(account.waf.keys()).toHaveLength(made);
  });

  test('does not take a key for its own before the events show who else may have been asked for it', async () => {
    const account = new Account();
    const visibleFrom = account.clock.now() + 30_000;
    const rival = { logicalResourceId: 'OtherKey', properties: properties() };
    account.onReading = () => {
      if (account.clock.now() < visibleFrom) return;
      account.events = [stackEvent('UPDATE_IN_PROGRESS', rival), stackEvent('CREATE_IN_PROGRESS')];
    };
    account.waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'after'));

    const answer = await account.environment().invoke(createEvent());

    expect(account.waf.keys()).toHaveLength(2);
    expect(account.waf.keys().at(-1)?.apiKey).toBe(answer.Data?.APIKey);
  });

  test('does not take a key for its own that was made before the call, and was listed after it', async () => {
    const account = new Account({ listLagMs: 8000 });
    const foreign = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
    await account.clock.run(account.clock.sleep(5000));
    account.waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'before'));

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Data?.APIKey).not.toBe(foreign.apiKey);
    expect(account.waf.keys()).toHaveLength(2);
  });

  test('looks back at the events as far as a request may be at work', async () => {
    const account = new Account();
    account.waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'after'));
    const readings: (number | undefined)[] = [];
    account.onReading = since => void readings.push(since);
    const event = createEvent();
    const requestedAt = account.clock.now();

    await account.environment().invoke(event);

    expect(readings).toContain(requestedAt - 3_600_000);
  });

  test('takes the lost key beside its own former one', async () => {
    const account = new Account();
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent());
    account.waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'after'));
    const rotated = { ...properties(), Rotation: '2' };
    account.events = [stackEvent('UPDATE_IN_PROGRESS')];

    await account.environment().invoke(updateEvent(id, rotated, properties()));

    expect(account.waf.keys()).toHaveLength(2);
  });

  test('does not take a key for its own that a duplicate made and CloudFormation has recorded', async () => {
    const account = new Account();
    let recorded: string | undefined;
    account.waf.faults.when(({ operation }) => {
      if (operation !== 'CreateAPIKey' || recorded) return undefined;
      recorded = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']).apiKey;
      const physicalResourceId = physicalIdOf({ scope: 'REGIONAL', region: 'eu-west-1' }, recorded);
      account.events = [
        stackEvent('CREATE_COMPLETE', { physicalResourceId }),
        stackEvent('CREATE_IN_PROGRESS'),
      ];
      return failed(500, 'WAFInternalErrorException', 'before');
    });

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Status).toBe('FAILED');
    expect(account.waf.keys().map(({ apiKey }) => apiKey)).toEqual([recorded]);
  });

  test('leaves a found key that cannot be described to CloudFormation: a duplicate may have made it', async () => {
    const account = new Account();
    account.waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'after'));
    account.waf.faults.next('GetDecryptedAPIKey', failed(400, 'WAFInvalidOperationException', 'before'));

    const answer = await account.environment().invoke(createEvent());

    const [found] = account.waf.keys();
    const id = physicalIdOf({ scope: 'REGIONAL', region: 'eu-west-1' }, found?.apiKey ?? '');
    expect(answer).toMatchObject({ Status: 'FAILED', PhysicalResourceId: id });
  });

  test('makes another one when a found key is gone before it is described: it was another request’s', async () => {
    const account = new Account();
    account.waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'after'));
    account.waf.faults.when(({ operation }) => {
      const [found, ...more] = account.waf.keys();
      if (operation === 'GetDecryptedAPIKey' && found && account.waf.calls.length < 4 && more.length === 0)
        account.waf.deleteByHand(found.apiKey);
      return undefined;
    });

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Status).toBe('SUCCESS');
    expect(account.waf.keys().map(({ apiKey }) => apiKey)).toEqual([answer.Data?.APIKey]);
  });

  test.each([
    ['undoes a found key whose answer is refused while nobody has recorded it', false, 0],
    ['leaves a found key whose answer is refused when it is recorded: a duplicate has made it', true, 1],
  ])('%s', async (_what, isRecorded, left) => {
    const account = new Account();
    account.waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'after'));
    account.put = async (_url, body) => {
      const answer = JSON.parse(body.toString());
      account.answers.push(answer);
      const recorded = stackEvent('CREATE_COMPLETE', { physicalResourceId: answer.PhysicalResourceId });
      if (isRecorded) account.events = [recorded, stackEvent('CREATE_IN_PROGRESS')];
      return 403;
    };

    await account.environment().invoke(createEvent());

    expect(account.waf.keys()).toHaveLength(left);
  });

  test.each(['before', 'after'] as const)(
    'does not take its own former key, listed late, for a fresh one lost %s the effect',
    async moment => {
      const account = new Account({ listLagMs: 8000 });
      const { apiKey } = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
      const id = physicalIdOf({ scope: 'REGIONAL', region: 'eu-west-1' }, apiKey);
      account.waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', moment));
      account.events = [stackEvent('UPDATE_IN_PROGRESS')];

      const rotated = { ...properties(), Rotation: '2' };
      const answer = await account.environment().invoke(updateEvent(id, rotated, properties()));

      const [, fresh, ...more] = account.waf.keys();
      expect(answer.Data?.APIKey).toBe(fresh?.apiKey);
      expect(more).toEqual([]);
    },
  );

  test('fails at once when WAF refuses it for good', async () => {
    const account = new Account();
    account.waf.faults.next(
      'CreateAPIKey',
      failed(400, 'WAFLimitsExceededException', 'before', 'too many keys'),
    );

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Reason).toBe(
      'CreateAPIKey in eu-west-1: WAFLimitsExceededException: too many keys, after 1 attempt',
    );
    expect(count(account, 'CreateAPIKey WAFLimitsExceededException')).toBe(1);
  });

  test('does not begin when too little time is left to clean up after it', async () => {
    const account = new Account();

    const answer = await account.environment().invoke(createEvent(), 50_000);

    expect(answer).toMatchObject({
      Status: 'FAILED',
      Reason: 'CreateAPIKey in eu-west-1: not begun, too little time is left',
    });
    expect(account.waf.keys()).toEqual([]);
  });
});

describe('an answer that WAF does not document', () => {
  /** An account whose answers to an operation are changed on their way. */
  function tampered(operation: string, change: (body: string) => string) {
    const account = new Account();
    const { service } = account.waf;
    const tamper: typeof service = async request => {
      const response = await service(request);
      const concerned = request.headers['x-amz-target']?.endsWith(`.${operation}`);
      return concerned ? { ...response, body: change(String(response.body)) } : response;
    };
    Object.assign(account.waf, { service: tamper });
    return account;
  }

  test('CreateAPIKey without a key counts as a lost one, which is found', async () => {
    const account = tampered('CreateAPIKey', body => body.replace('APIKey', 'Other'));

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Data?.APIKey).toBe(account.waf.keys()[0]?.apiKey);
    expect(account.waf.keys()).toHaveLength(1);
    expect(account.logLines.map(line => JSON.parse(line))).toContainEqual({
      message: 'CreateAPIKey got no clear answer',
      error: 'Error: expected an APIKey in the answer, got none',
    });
    expect(account.logLines.map(line => JSON.parse(line))).toContainEqual({
      message: 'the key was made after all',
      ids: [answer.PhysicalResourceId],
    });
  });

  test('GetDecryptedAPIKey without a time is asked again, and then fails', async () => {
    const account = tampered('GetDecryptedAPIKey', body => body.replace('CreationTimestamp', 'Other'));

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Reason).toMatch(
      /^GetDecryptedAPIKey in eu-west-1: Error: expected a CreationTimestamp in the answer/,
    );
    expect(account.waf.keys()).toEqual([]);
  });

  test('ListAPIKeys without a list is an empty page', async () => {
    const account = tampered('ListAPIKeys', body => body.replace('APIKeySummaries', 'Other'));

    expect((await account.environment().invoke(createEvent())).Status).toBe('SUCCESS');
  });

  test.each(['APIKey', 'CreationTimestamp', 'TokenDomains'])(
    'a listed key without %s is not taken',
    async member => {
      const account = tampered('ListAPIKeys', body => body.replaceAll(`"${member}"`, '"Other"'));
      const { PhysicalResourceId: id } = await account.environment().invoke(createEvent());

      const answer = await account.environment().invoke(updateEvent(id, properties(), properties()));

      expect(answer.Status).toBe('SUCCESS');
      expect(answer.PhysicalResourceId).not.toBe(id);
    },
  );
});

describe('looking for a key', () => {
  test('goes no further than the page that it is on', async () => {
    const account = new Account({ pageSize: 1 });
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent());
    for (let i = 0; i < 3; i += 1) account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
    const before = account.calls().length;

    await account.environment().invoke(deleteEvent(id));

    expect(account.calls().slice(before)).toEqual(['ListAPIKeys ok', 'DeleteAPIKey ok']);
  });

  test('that seems absent takes three lists over fifteen seconds', async () => {
    const account = new Account();
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent());
    account.waf.deleteByHand(account.waf.keys()[0]?.apiKey ?? '');
    const [before, startedAt] = [account.calls().length, account.clock.now()];

    await account.environment().invoke(deleteEvent(id));

    expect(account.calls().slice(before)).toEqual(['ListAPIKeys ok', 'ListAPIKeys ok', 'ListAPIKeys ok']);
    expect(account.clock.now() - startedAt).toBe(15_000);
  });

  test('gives up a call after ten seconds', async () => {
    const account = new Account();
    const startedAt = account.clock.now();
    account.waf.faults.next('ListAPIKeys', hanging('before'));

    await account.environment().invoke(createEvent());

    expect(account.waf.calls.map(({ at }) => at - startedAt)[1]).toBeGreaterThanOrEqual(10_500);
    expect(account.waf.calls.map(({ at }) => at - startedAt)[1]).toBeLessThanOrEqual(11_000);
  });

  test('waits longer after each error, up to ten seconds', async () => {
    const account = new Account();
    account.waf.faults.next('ListAPIKeys', failed(500, 'WAFInternalErrorException', 'before'), 7);

    await account.environment().invoke(createEvent());

    const times = account.waf.calls.map(({ at }) => at);
    const pauses = times.slice(1, 8).map((at, index) => (at - (times[index] ?? 0)) / 1000);
    const ceilings = [1, 2, 4, 8, 10, 10, 10];
    for (const [index, ceiling] of ceilings.entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(ceiling / 2);
      expect(pauses[index]).toBeLessThanOrEqual(ceiling);
    }
  });
});

describe('permissions', () => {
  test('that arrive within a minute are waited for', async () => {
    const account = new Account();
    account.waf.faults.during(50_000, 'ListAPIKeys', accessDenied('wafv2:ListAPIKeys'));

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Status).toBe('SUCCESS');
  });

  test('that do not arrive within a minute fail the event with the reason', async () => {
    const account = new Account();
    account.waf.faults.during(3_600_000, 'ListAPIKeys', accessDenied('wafv2:ListAPIKeys'));
    const startedAt = account.clock.now();

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Reason).toMatch(/^ListAPIKeys in eu-west-1: AccessDeniedException: .*wafv2:ListAPIKeys/);
    expect(account.clock.now() - startedAt).toBeLessThanOrEqual(60_000);
  });
});
