import { physicalIdOf } from '../../lambda/physical-id';
import { failed, throttled } from '../../local-aws/faults';
import { Account, stackEvent } from './environment';
import { createEvent, deleteEvent, properties, STACK_ID, updateEvent } from './event';

const REGIONAL_ID = /^WafCaptchaApiKey\/REGIONAL\/eu-west-1\/[0-9a-f]{64}$/;
const EXISTING_ID = /^WafCaptchaApiKey\/REGIONAL\/eu-west-1\/existing\/[0-9a-f]{64}$/;
const INVENTED_ID = 'shop-CaptchaKey-1A2B3C4D5E6F7';

/** A stack with one key, as CloudFormation has it after a Create. */
async function deployed(wanted = properties()) {
  const account = new Account();
  const { PhysicalResourceId: id, Data } = await account.environment().invoke(createEvent(wanted));
  return { account, id, apiKey: Data?.APIKey ?? '', data: Data };
}

function keysOf(account: Account): string[] {
  return account.waf.keys().map(({ apiKey }) => apiKey);
}

describe('Create', () => {
  test('makes one key and answers with its attributes', async () => {
    const account = new Account();

    const answer = await account.environment().invoke(createEvent());

    expect(keysOf(account)).toEqual([answer.Data?.APIKey]);
    expect(answer).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: expect.stringMatching(REGIONAL_ID),
      Data: {
        ApplicationIntegrationURL: expect.stringMatching(
          /^https:\/\/\w+\.eu-west-1\.captcha-sdk\.awswaf\.com\/\w+$/,
        ),
        ScriptURL: expect.stringMatching(/^https:\/\/[^/]+\/\w+\/jsapi\.js$/),
        CreationTimestamp: '2026-01-31T12:00:00.000Z',
      },
    });
  });

  test('asks for the normalised domains', async () => {
    const account = new Account();

    await account.environment().invoke(createEvent(properties([' Shop.Example.COM', 'bücher.example'])));

    expect(account.waf.keys()[0]?.tokenDomains).toEqual(['shop.example.com', 'xn--bcher-kva.example']);
  });

  test('lists once, creates once and describes once', async () => {
    const { account } = await deployed();

    expect(account.calls()).toEqual(['ListAPIKeys ok', 'CreateAPIKey ok', 'GetDecryptedAPIKey ok']);
  });

  test('makes a key of its own beside one of another stack with the same domains', async () => {
    const account = new Account();
    const foreign = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Data?.APIKey).not.toBe(foreign.apiKey);
    expect(account.waf.keys()).toHaveLength(2);
  });

  test('makes a CLOUDFRONT key in us-east-1 from a stack in eu-west-1', async () => {
    const account = new Account();

    const answer = await account.environment().invoke(createEvent(properties(['example.com'], 'CLOUDFRONT')));

    expect(account.waf.keys()).toMatchObject([{ scope: 'CLOUDFRONT', region: 'us-east-1' }]);
    expect(new Set(account.waf.calls.map(({ region }) => region))).toEqual(new Set(['us-east-1']));
    expect(answer.PhysicalResourceId).toMatch(/^WafCaptchaApiKey\/CLOUDFRONT\/us-east-1\//);
  });

  test('undoes the key and fails when it cannot be described', async () => {
    const account = new Account();
    account.waf.faults.next('GetDecryptedAPIKey', failed(400, 'WAFInvalidOperationException', 'before'));

    const answer = await account.environment().invoke(createEvent());

    expect(answer).toMatchObject({
      Status: 'FAILED',
      PhysicalResourceId: expect.stringMatching(/^WafCaptchaApiKey\/create-failed\//),
      Reason: expect.stringMatching(/^GetDecryptedAPIKey in eu-west-1: WAFInvalidOperationException/),
    });
    expect(keysOf(account)).toEqual([]);
  });

  test('fails with the id of a key that it could not undo, so that CloudFormation deletes it', async () => {
    const account = new Account();
    account.waf.faults.next('GetDecryptedAPIKey', failed(400, 'WAFInvalidOperationException', 'before'));
    account.waf.faults.next('DeleteAPIKey', failed(400, 'WAFInvalidOperationException', 'before'));

    const failure = await account.environment().invoke(createEvent());
    expect(failure).toMatchObject({
      Status: 'FAILED',
      PhysicalResourceId: expect.stringMatching(REGIONAL_ID),
    });

    await account.environment().invoke(deleteEvent(failure.PhysicalResourceId));
    expect(keysOf(account)).toEqual([]);
  });

  test.each([
    [
      'a text in place of the list',
      properties('example.com'),
      /^TokenDomains: expected a list .*"example\.com"$/,
    ],
    ['a list of other things', properties([{}]), /^TokenDomains: expected a list of host names/],
    [
      'six domains',
      properties(['a.de', 'b.de', 'c.de', 'd.de', 'e.de', 'f.de']),
      /^TokenDomains: .* got 6: a\.de/,
    ],
    ['no domain', properties([]), /^TokenDomains: expected 1 to 5 different domains, got 0$/],
    ['a malformed domain', properties(['https://a.de']), /^TokenDomains: expected a bare host name/],
    [
      'an unknown scope',
      properties(['a.de'], 'GLOBAL'),
      /^Scope: expected REGIONAL or CLOUDFRONT, got "GLOBAL"$/,
    ],
    ['no scope', { TokenDomains: ['a.de'] }, /^Scope: expected REGIONAL or CLOUDFRONT, got nothing$/],
    [
      'no domains at all',
      { Scope: 'REGIONAL' },
      /^TokenDomains: expected a list of host names, got nothing$/,
    ],
    ['nothing', {}, /^Scope: expected REGIONAL or CLOUDFRONT, got nothing$/],
  ])('refuses %s, naming the property', async (_what, wanted, reason) => {
    const account = new Account();

    const answer = await account.environment().invoke(createEvent(wanted));

    expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(reason) });
    expect(account.calls()).toEqual([]);
  });

  test('ignores properties that a newer version may have written', async () => {
    const account = new Account();

    const answer = await account.environment().invoke(createEvent({ ...properties(), Colour: 'blue' }));

    expect(answer.Status).toBe('SUCCESS');
  });
});

describe('Update', () => {
  test.each([
    ['the same properties', ['example.com', 'shop.example.com']],
    ['another order', ['shop.example.com', 'example.com']],
    ['another letter case', ['Example.com', 'SHOP.example.com']],
    ['a domain twice', ['example.com', 'shop.example.com', 'example.com']],
  ])('with %s keeps the key and its id', async (_what, tokenDomains) => {
    const before = properties(['example.com', 'shop.example.com']);
    const { account, id, apiKey, data } = await deployed(before);

    const answer = await account.environment().invoke(updateEvent(id, properties(tokenDomains), before));

    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id, Data: data });
    expect(keysOf(account)).toEqual([apiKey]);
    expect(account.calls().slice(3)).toEqual(['ListAPIKeys ok']);
  });

  test('recognises its key when WAF gives the domains in another order and letter case', async () => {
    const answeredDomains = (domains: readonly string[]) =>
      domains.map(domain => domain.toUpperCase()).reverse();
    const account = new Account({ answeredDomains });
    const wanted = properties(['example.com', 'shop.example.com']);
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent(wanted));

    const answer = await account.environment().invoke(updateEvent(id, wanted, wanted));

    expect(answer.PhysicalResourceId).toBe(id);
    expect(account.waf.keys()).toHaveLength(1);
  });

  test('with other domains makes a new key and leaves the old one to CloudFormation', async () => {
    const { account, id, apiKey } = await deployed();
    const wanted = properties(['example.com', 'example.org']);

    const answer = await account.environment().invoke(updateEvent(id, wanted, properties()));

    expect(answer.PhysicalResourceId).toMatch(REGIONAL_ID);
    expect(answer.PhysicalResourceId).not.toBe(id);
    expect(keysOf(account)).toEqual([apiKey, answer.Data?.APIKey]);

    await account.environment().invoke(deleteEvent(id, properties()));
    expect(keysOf(account)).toEqual([answer.Data?.APIKey]);
  });

  test('with another scope makes a new key there', async () => {
    const { account, id } = await deployed();

    const answer = await account
      .environment()
      .invoke(updateEvent(id, properties(['example.com'], 'CLOUDFRONT'), properties()));

    expect(answer.PhysicalResourceId).toMatch(/^WafCaptchaApiKey\/CLOUDFRONT\/us-east-1\//);
    expect(account.waf.keys().map(({ scope }) => scope)).toEqual(['REGIONAL', 'CLOUDFRONT']);
  });

  test('makes a new key when its own was deleted by hand', async () => {
    const { account, id, apiKey } = await deployed();
    account.waf.deleteByHand(apiKey);

    const answer = await account.environment().invoke(updateEvent(id, properties(), properties()));

    expect(answer.PhysicalResourceId).not.toBe(id);
    expect(keysOf(account)).toEqual([answer.Data?.APIKey]);
  });

  test('does not swap a live key that a slow list does not show yet', async () => {
    const account = new Account({ listLagMs: 12_000 });
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent());

    const answer = await account.environment().invoke(updateEvent(id, properties(), properties()));

    expect(answer.PhysicalResourceId).toBe(id);
    expect(account.waf.keys()).toHaveLength(1);
  });

  test('does not take the key of another stack with the wanted domains', async () => {
    const { account, id } = await deployed();
    const foreign = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.org']);

    const answer = await account
      .environment()
      .invoke(updateEvent(id, properties(['example.org']), properties()));

    expect(answer.Data?.APIKey).not.toBe(foreign.apiKey);
    expect(keysOf(account)).toContain(foreign.apiKey);
  });

  test('that fails answers with its own id and leaves no new key behind', async () => {
    const { account, id, apiKey } = await deployed();
    account.waf.faults.next('GetDecryptedAPIKey', failed(400, 'WAFInvalidOperationException', 'before'));

    const answer = await account
      .environment()
      .invoke(updateEvent(id, properties(['example.org']), properties()));

    expect(answer).toMatchObject({ Status: 'FAILED', PhysicalResourceId: id });
    expect(keysOf(account)).toEqual([apiKey]);
  });

  describe('in the very same words', () => {
    const rotated = (label: string) => ({ ...properties(), Rotation: label });
    const begun = (wanted: object) => stackEvent('UPDATE_IN_PROGRESS', { properties: wanted });

    test('makes the fresh key that an earlier one failed to make', async () => {
      const { account, id, apiKey } = await deployed(rotated('1'));
      const readings: unknown[] = [];
      account.onReading = since => void readings.push(since);
      account.events = [
        begun(rotated('2')),
        stackEvent('UPDATE_FAILED', { physicalResourceId: id, properties: rotated('2') }),
        stackEvent('CREATE_COMPLETE', { physicalResourceId: id, properties: rotated('1') }),
      ];

      const answer = await account.environment().invoke(updateEvent(id, rotated('2'), rotated('2')));

      expect(answer.Status).toBe('SUCCESS');
      expect(answer.Data?.APIKey).not.toBe(apiKey);
      // the record may be much older than the stack's last settled state
      expect(readings[0]).toBe(0);
    });

    test.each([
      ['it is recorded with them', rotated('2')],
      ['the events hide them', rotated('****')],
      ['the events do not tell', undefined],
    ])('changes no key when %s', async (_what, recorded) => {
      const { account, id, apiKey } = await deployed(rotated('2'));
      account.events = [
        begun(rotated('2')),
        stackEvent('CREATE_COMPLETE', { physicalResourceId: id, properties: recorded }),
      ];

      const answer = await account.environment().invoke(updateEvent(id, rotated('2'), rotated('2')));

      expect(answer.Data?.APIKey).toBe(apiKey);
    });

    test('changes no key when the events cannot be read, and does not wait for them', async () => {
      const { account, id, apiKey } = await deployed(rotated('2'));
      account.events = undefined;
      const startedAt = account.clock.now();

      const answer = await account.environment().invoke(updateEvent(id, rotated('2'), rotated('2')));

      expect(answer.Data?.APIKey).toBe(apiKey);
      expect(account.clock.now() - startedAt).toBeLessThan(1000);
    });

    test('has the events read, and none does that has other words for the same', async () => {
      const { account, id } = await deployed();
      let readings = 0;
      account.onReading = () => {
        readings += 1;
      };
      const spelled = properties(['EXAMPLE.com']);

      await account.environment().invoke(updateEvent(id, spelled, properties()));
      expect(readings).toBe(0);

      await account.environment().invoke(updateEvent(id, spelled, spelled));
      expect(readings).toBeGreaterThan(0);
    });
  });

  test('that fails and cannot undo its key answers with the new id', async () => {
    const { account, id, apiKey } = await deployed();
    account.waf.faults.next('GetDecryptedAPIKey', failed(400, 'WAFInvalidOperationException', 'before'));
    account.waf.faults.next('DeleteAPIKey', failed(400, 'WAFInvalidOperationException', 'before'));

    const answer = await account
      .environment()
      .invoke(updateEvent(id, properties(['example.org']), properties()));

    expect(answer.PhysicalResourceId).not.toBe(id);
    await account.environment().invoke(deleteEvent(answer.PhysicalResourceId));
    expect(keysOf(account)).toEqual([apiKey]);
  });

  test('of malformed properties fails with its own id, and the rollback from them keeps the key', async () => {
    const { account, id, apiKey } = await deployed();
    const malformed = properties(['*.example.com']);

    const failure = await account.environment().invoke(updateEvent(id, malformed, properties()));
    expect(failure).toMatchObject({ Status: 'FAILED', PhysicalResourceId: id });

    const rollback = await account.environment().invoke(updateEvent(id, properties(), malformed));
    expect(rollback).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id, Data: { APIKey: apiKey } });
    expect(keysOf(account)).toEqual([apiKey]);
  });
});

describe('Delete', () => {
  test('deletes its key', async () => {
    const { account, id } = await deployed();

    const answer = await account.environment().invoke(deleteEvent(id));

    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id });
    expect(keysOf(account)).toEqual([]);
  });

  test('deletes its key in its own scope and Region, whatever the properties say', async () => {
    const { account, id } = await deployed(properties(['example.com'], 'CLOUDFRONT'));

    await account.environment().invoke(deleteEvent(id, { Scope: 'nonsense' }));

    expect(keysOf(account)).toEqual([]);
  });

  test('does not touch a key of another stack with the same domains', async () => {
    const { account, id } = await deployed();
    const foreign = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);

    await account.environment().invoke(deleteEvent(id));

    expect(keysOf(account)).toEqual([foreign.apiKey]);
  });

  test('succeeds when the key is gone already, and deletes nothing else', async () => {
    const { account, id, apiKey } = await deployed();
    const foreign = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
    account.waf.deleteByHand(apiKey);

    const answer = await account.environment().invoke(deleteEvent(id));

    expect(answer.Status).toBe('SUCCESS');
    expect(keysOf(account)).toEqual([foreign.apiKey]);
  });

  test('succeeds when the key goes between the list and the deletion', async () => {
    const { account, id, apiKey } = await deployed();
    account.waf.faults.when(({ operation }) => {
      if (operation === 'DeleteAPIKey') account.waf.deleteByHand(apiKey);
      return undefined;
    });

    const answer = await account.environment().invoke(deleteEvent(id));

    expect(answer.Status).toBe('SUCCESS');
    expect(account.calls().at(-1)).toBe('DeleteAPIKey WAFNonexistentItemException');
  });

  test.each([
    ['the marker of a failed Create', 'WafCaptchaApiKey/create-failed/request-0'],
    ['an id that CloudFormation invented', INVENTED_ID],
  ])('of %s deletes nothing', async (_what, id) => {
    const { account, apiKey } = await deployed();

    const answer = await account.environment().invoke(deleteEvent(id));

    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id });
    expect(keysOf(account)).toEqual([apiKey]);
  });

  test('of an invented id deletes the key whose answer never got through', async () => {
    const account = new Account();
    const environment = account.environment();
    const { put } = account;
    account.put = async () => 503;
    await expect(environment.invoke(createEvent())).rejects.toThrow('got HTTP status 503');
    expect(account.waf.keys()).toHaveLength(1);
    account.put = put;

    await environment.invoke(deleteEvent(INVENTED_ID));

    expect(keysOf(account)).toEqual([]);
  });

  test('of an invented id leaves the undelivered key of another resource alone', async () => {
    const account = new Account();
    const environment = account.environment();
    const { put } = account;
    account.put = async () => 503;
    await expect(environment.invoke(createEvent())).rejects.toThrow();
    account.put = put;

    await environment.invoke(deleteEvent(INVENTED_ID, properties(), { LogicalResourceId: 'OtherKey' }));
    await environment.invoke(deleteEvent(INVENTED_ID, properties(), { StackId: `${STACK_ID}0` }));

    expect(account.waf.keys()).toHaveLength(1);
  });

  test('of an invented id leaves a key alone that CloudFormation has taken', async () => {
    const account = new Account();
    const environment = account.environment();
    await environment.invoke(createEvent());

    await environment.invoke(deleteEvent(INVENTED_ID));

    expect(account.waf.keys()).toHaveLength(1);
  });

  test('tries again after a conflict, a throttle and a server error', async () => {
    const { account, id } = await deployed();
    account.waf.faults.next('DeleteAPIKey', failed(400, 'WAFOptimisticLockException', 'before'));
    account.waf.faults.next('DeleteAPIKey', throttled());
    account.waf.faults.next('DeleteAPIKey', failed(500, 'WAFInternalErrorException', 'before'));

    await account.environment().invoke(deleteEvent(id));

    expect(keysOf(account)).toEqual([]);
  });

  test('fails with its own id when WAF refuses it', async () => {
    const { account, id } = await deployed();
    account.waf.faults.next('DeleteAPIKey', failed(400, 'WAFInvalidOperationException', 'before', 'in use'));

    const answer = await account.environment().invoke(deleteEvent(id));

    expect(answer).toMatchObject({
      Status: 'FAILED',
      PhysicalResourceId: id,
      Reason: 'DeleteAPIKey in eu-west-1: WAFInvalidOperationException: in use, after 1 attempt',
    });
  });
});

describe('a rollback', () => {
  const rotated = (label: string, tokenDomains = ['example.com']) => ({
    ...properties(tokenDomains),
    Rotation: label,
  });
  const ofStack = (status: string) =>
    stackEvent(status, { logicalResourceId: 'shop', physicalResourceId: STACK_ID });

  /** The events of a stack that takes an update back; `before` is the resource's id from before it. */
  const rollingBack = (before: string, now = before) => [
    stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: now }),
    ofStack('UPDATE_ROLLBACK_IN_PROGRESS'),
    stackEvent('UPDATE_COMPLETE', { physicalResourceId: now }),
    stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: before }),
    ofStack('UPDATE_IN_PROGRESS'),
  ];

  test.each([
    ['domains', properties(), properties(['example.org'])],
    ['scope', properties(), properties(['example.com'], 'CLOUDFRONT')],
    ['rotation', rotated('1'), rotated('2')],
    ['first rotation', properties(), rotated('1')],
  ])('of changed %s answers with the very key from before', async (_what, old, wanted) => {
    const { account, id, apiKey, data } = await deployed(old);
    const update = await account.environment().invoke(updateEvent(id, wanted, old));
    account.events = rollingBack(id, update.PhysicalResourceId);

    const rollback = await account.environment().invoke(updateEvent(update.PhysicalResourceId, old, wanted));
    expect(rollback).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id, Data: data });

    await account.environment().invoke(deleteEvent(update.PhysicalResourceId, wanted));
    expect(keysOf(account)).toEqual([apiKey]);
  });

  describe('that failed and goes on, in the very same words', () => {
    /** The events once it goes on; the present id is recorded with what the update asked for. */
    const goingOn = (before: string, now: string, wanted: object) => [
      stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: now }),
      ofStack('UPDATE_ROLLBACK_IN_PROGRESS'),
      ofStack('UPDATE_ROLLBACK_FAILED'),
      stackEvent('UPDATE_FAILED', { physicalResourceId: now }),
      ofStack('UPDATE_ROLLBACK_IN_PROGRESS'),
      stackEvent('UPDATE_COMPLETE', { physicalResourceId: now, properties: wanted }),
      stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: before }),
      ofStack('UPDATE_IN_PROGRESS'),
    ];

    test.each([
      ['domains', properties(), properties(['example.org'])],
      ['rotation', rotated('1'), rotated('2')],
    ])('answers with the very key from before, after changed %s', async (_what, old, wanted) => {
      const { account, id } = await deployed(old);
      const { PhysicalResourceId: now } = await account.environment().invoke(updateEvent(id, wanted, old));
      account.events = goingOn(id, now, wanted);

      const rollback = await account.environment().invoke(updateEvent(now, old, old));

      expect(rollback.PhysicalResourceId).toBe(id);
    });

    test('keeps the key where the update itself had failed', async () => {
      const { account, id } = await deployed(rotated('1'));
      account.events = [
        stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: id, properties: rotated('1') }),
        ofStack('UPDATE_ROLLBACK_IN_PROGRESS'),
        stackEvent('UPDATE_FAILED', { physicalResourceId: id, properties: rotated('2') }),
        ofStack('UPDATE_IN_PROGRESS'),
        stackEvent('CREATE_COMPLETE', { physicalResourceId: id, properties: rotated('1') }),
      ];

      const rollback = await account.environment().invoke(updateEvent(id, rotated('1'), rotated('1')));

      expect(rollback.PhysicalResourceId).toBe(id);
      expect(keysOf(account)).toHaveLength(1);
    });
  });

  test('that comes with the id from before keeps it as well', async () => {
    const { account, id } = await deployed(rotated('1'));
    const update = await account.environment().invoke(updateEvent(id, rotated('2'), rotated('1')));
    account.events = rollingBack(id, update.PhysicalResourceId);

    const rollback = await account.environment().invoke(updateEvent(id, rotated('1'), rotated('2')));

    expect(rollback.PhysicalResourceId).toBe(id);
  });

  test('tells the key from before apart from older ones with the same domains', async () => {
    const { account, id: oldest } = await deployed(rotated('1'));
    const { PhysicalResourceId: id } = await account
      .environment()
      .invoke(updateEvent(oldest, rotated('2'), rotated('1')));
    const update = await account.environment().invoke(updateEvent(id, rotated('3'), rotated('2')));
    account.events = rollingBack(id, update.PhysicalResourceId);

    const rollback = await account
      .environment()
      .invoke(updateEvent(update.PhysicalResourceId, rotated('2'), rotated('3')));

    expect(rollback.PhysicalResourceId).toBe(id);
  });

  test('makes a new key when the one from before was deleted by hand', async () => {
    const { account, id, apiKey } = await deployed(rotated('1'));
    const update = await account.environment().invoke(updateEvent(id, rotated('2'), rotated('1')));
    account.waf.deleteByHand(apiKey);
    account.events = rollingBack(id, update.PhysicalResourceId);

    const rollback = await account
      .environment()
      .invoke(updateEvent(update.PhysicalResourceId, rotated('1'), rotated('2')));

    expect(rollback.Data?.APIKey).toBe(account.waf.keys().at(-1)?.apiKey);
    expect(account.waf.keys()).toHaveLength(2);
  });

  test.each([
    ['the events cannot be read', undefined],
    ['the stack is not rolling back', [stackEvent('UPDATE_IN_PROGRESS'), ofStack('UPDATE_IN_PROGRESS')]],
    ['the id before was another', rollingBack('WafCaptchaApiKey/REGIONAL/eu-west-1/0')],
  ])('is not believed in when %s: a new key is made', async (_what, events) => {
    const { account, id, apiKey } = await deployed();
    const update = await account
      .environment()
      .invoke(updateEvent(id, properties(['example.org']), properties()));
    account.events = events;

    const answer = await account
      .environment()
      .invoke(updateEvent(update.PhysicalResourceId, properties(), properties(['example.org'])));

    expect(answer.Status).toBe('SUCCESS');
    expect(answer.Data?.APIKey).not.toBe(apiKey);
    expect(account.waf.keys()).toHaveLength(3);
  });

  test('is waited for when the events lag behind, for half a minute', async () => {
    const { account, id } = await deployed(rotated('1'));
    const update = await account.environment().invoke(updateEvent(id, rotated('2'), rotated('1')));
    account.events = [
      stackEvent('UPDATE_COMPLETE', { physicalResourceId: update.PhysicalResourceId, at: 0 }),
    ];
    const visibleFrom = account.clock.now() + 30_000;
    account.onReading = () => {
      if (account.clock.now() >= visibleFrom) account.events = rollingBack(id, update.PhysicalResourceId);
    };

    const rollback = await account
      .environment()
      .invoke(updateEvent(update.PhysicalResourceId, rotated('1'), rotated('2')));

    expect(rollback.PhysicalResourceId).toBe(id);
  });

  test('of keys so new that they are not listed yet waits until they are', async () => {
    const account = new Account({ listLagMs: 8000 });
    const [before, now] = ['first', 'second'].map(() => {
      const { apiKey } = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
      return physicalIdOf({ scope: 'REGIONAL', region: 'eu-west-1' }, apiKey);
    });
    account.events = rollingBack(String(before), now);

    const rollback = await account.environment().invoke(updateEvent(String(now), rotated('1'), rotated('2')));

    expect(rollback.PhysicalResourceId).toBe(before);
    expect(account.waf.keys()).toHaveLength(2);
  });

  test('is asked about even when too little time is left to make a key', async () => {
    const { account, id } = await deployed(rotated('1'));
    const update = await account.environment().invoke(updateEvent(id, rotated('2'), rotated('1')));
    account.events = rollingBack(id, update.PhysicalResourceId);

    const rollback = await account
      .environment()
      .invoke(updateEvent(update.PhysicalResourceId, rotated('1'), rotated('2')), 100_000);

    expect(rollback.PhysicalResourceId).toBe(id);
  });

  test('is not asked about where no other key fits', async () => {
    const { account, id } = await deployed();
    let readings = 0;
    account.onReading = since => {
      // what became of the new key is looked up after the answer, from the request on
      if (since === undefined) readings += 1;
    };

    await account.environment().invoke(updateEvent(id, properties(['example.org']), properties()));

    expect(readings).toBe(0);
  });
});

describe('rotation', () => {
  test('gives a fresh key with the same domains', async () => {
    const { account, id, apiKey } = await deployed();
    account.events = [stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: id })];

    const answer = await account
      .environment()
      .invoke(updateEvent(id, { ...properties(), Rotation: '1' }, properties()));

    expect(answer.PhysicalResourceId).not.toBe(id);
    expect(keysOf(account)).toEqual([apiKey, answer.Data?.APIKey]);
    expect(account.calls().slice(3)).toEqual(['ListAPIKeys ok', 'CreateAPIKey ok', 'GetDecryptedAPIKey ok']);
  });

  test('with the same label is no change', async () => {
    const wanted = { ...properties(), Rotation: '1' };
    const { account, id } = await deployed(wanted);

    const answer = await account.environment().invoke(updateEvent(id, wanted, wanted));

    expect(answer.PhysicalResourceId).toBe(id);
  });

  test('that is no text is refused', async () => {
    const answer = await new Account()
      .environment()
      .invoke(createEvent({ ...properties(), Rotation: ['1'] }));

    expect(answer.Reason).toBe('Rotation: expected a text that is not empty, got ["1"]');
  });
});

describe('an existing key', () => {
  /** A key made by hand, and properties that name it. */
  function adoption(tokenDomains = ['example.com']) {
    const account = new Account();
    const { apiKey } = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
    return { account, apiKey, existing: { ...properties(tokenDomains), ExistingApiKey: apiKey } };
  }

  test('is used, and none is made', async () => {
    const { account, apiKey, existing } = adoption();

    const answer = await account.environment().invoke(createEvent(existing));

    expect(answer).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: expect.stringMatching(EXISTING_ID),
      Data: { APIKey: apiKey, CreationTimestamp: '2026-01-31T12:00:00.000Z' },
    });
    expect(account.calls()).toEqual(['ListAPIKeys ok']);
  });

  test('must hold exactly the domains: the error says which it holds', async () => {
    const { account, existing } = adoption(['example.com', 'example.org']);

    const answer = await account.environment().invoke(createEvent(existing));

    expect(answer).toMatchObject({
      Status: 'FAILED',
      Reason: 'ExistingApiKey: expected a key for example.com, example.org, got one for example.com',
    });
  });

  test('must exist in that scope and Region', async () => {
    const { account, apiKey } = adoption();
    const elsewhere = { ...properties(['example.com'], 'CLOUDFRONT'), ExistingApiKey: apiKey };

    const answer = await account.environment().invoke(createEvent(elsewhere));

    expect(answer.Reason).toBe(
      'ExistingApiKey: expected a CLOUDFRONT key in us-east-1, got one not listed there',
    );
  });

  test('is not deleted while it is named, not even with the rest of the properties malformed', async () => {
    const { account, apiKey, existing } = adoption();
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent(existing));

    const answer = await account.environment().invoke(deleteEvent(id, { ...existing, Scope: 'nonsense' }));

    expect(answer.Status).toBe('SUCCESS');
    expect(keysOf(account)).toEqual([apiKey]);
  });

  describe('at a deletion with properties that do not name it', () => {
    type Told = readonly [status: string, wanted?: object];

    /** A resource that was made with the key, and the events of it, newest first. */
    async function used(told: readonly Told[] | undefined) {
      const { account, apiKey, existing } = adoption();
      const { PhysicalResourceId: id } = await account.environment().invoke(createEvent(existing));
      account.events = told?.map(([status, wanted = existing]) =>
        stackEvent(status, { physicalResourceId: id, properties: wanted }),
      );
      return { account, apiKey, id };
    }
    const deleting: Told = ['DELETE_IN_PROGRESS'];
    const failed: Told = ['UPDATE_FAILED', properties()];
    const adopted: Told = ['CREATE_COMPLETE'];

    test.each<[string, object, readonly Told[]]>([
      ['those of an update that failed, to no existing key', {}, [deleting, failed, adopted]],
      ['those of one to another existing key', { ExistingApiKey: 'another' }, [deleting, failed, adopted]],
      ['those of one to other domains', properties(['example.org']), [deleting, failed, adopted]],
      ['malformed', properties([]), [deleting, failed, adopted]],
      ['those of a rollback', {}, [deleting, ['UPDATE_COMPLETE'], failed]],
    ])('is left alone: they are %s', async (_what, change, told) => {
      const { account, apiKey, id } = await used(told);
      const readings: unknown[] = [];
      account.onReading = since => void readings.push(since);

      const answer = await account.environment().invoke(deleteEvent(id, { ...properties(), ...change }));

      expect(answer.Status).toBe('SUCCESS');
      expect(keysOf(account)).toEqual([apiKey]);
      expect(account.logLines.some(line => line.includes('it may only be used here'))).toBe(true);
      // the record may be much older than the stack's last settled state
      expect(readings).toEqual([0]);
    });

    test.each<[string, object, readonly Told[]]>([
      ['it was handed over', {}, [deleting, ['UPDATE_COMPLETE', properties()], adopted]],
      [
        'it was, and an update to another has failed since',
        { ExistingApiKey: 'another' },
        [deleting, ['UPDATE_FAILED', { ExistingApiKey: 'another' }], ['UPDATE_COMPLETE', properties()]],
      ],
      ['all that can be seen is the deletion', {}, [deleting]],
    ])('is deleted when %s', async (_what, change, told) => {
      const { account, id } = await used(told);

      await account.environment().invoke(deleteEvent(id, { ...properties(), ...change }));

      expect(keysOf(account)).toEqual([]);
    });

    test.each<[string, object, readonly Told[] | undefined]>([
      ['the events cannot be read', {}, undefined],
      ['the events do not show the deletion', {}, [['UPDATE_COMPLETE', properties()]]],
      ['an update has failed, and what was before cannot be seen', {}, [deleting, failed]],
      ['they name another, and what was before cannot be seen', { ExistingApiKey: 'another' }, [deleting]],
    ])('is left alone when %s', async (_what, change, told) => {
      const { account, apiKey, id } = await used(told);

      await account.environment().invoke(deleteEvent(id, { ...properties(), ...change }));

      expect(keysOf(account)).toEqual([apiKey]);
    });

    test('is deleted as soon as the events show the deletion', async () => {
      const { account, id } = await used([['UPDATE_COMPLETE', properties()]]);
      const visibleFrom = account.clock.now() + 30_000;
      const { events = [] } = account;
      account.onReading = () => {
        if (account.clock.now() < visibleFrom) return;
        account.events = [stackEvent('DELETE_IN_PROGRESS', { physicalResourceId: id }), ...events];
      };

      await account.environment().invoke(deleteEvent(id));

      expect(keysOf(account)).toEqual([]);
    });
  });

  test.each([
    ['names another one', { ExistingApiKey: 'another' }],
    ['asks for other domains', properties(['example.org'])],
  ])('does not keep an own one from going, when an update that failed %s', async (_what, change) => {
    const { account, id } = await deployed();

    await account.environment().invoke(deleteEvent(id, { ...properties(), ...change }));

    expect(keysOf(account)).toEqual([]);
  });

  test('has no events read at the deletion of an own one', async () => {
    const { account, id } = await deployed();
    account.onReading = () => {
      throw new Error('read');
    };

    await account.environment().invoke(deleteEvent(id));

    expect(keysOf(account)).toEqual([]);
  });

  test('takes the place of an own one, which is then deleted', async () => {
    const { account, apiKey, existing } = adoption();
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent());

    const answer = await account.environment().invoke(updateEvent(id, existing, properties()));
    expect(answer.Data?.APIKey).toBe(apiKey);

    await account.environment().invoke(deleteEvent(id, properties()));
    expect(keysOf(account)).toEqual([apiKey]);
  });

  test('is handed over when the property is taken away: the same key, owned from then on', async () => {
    const { account, existing } = adoption();
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent(existing));
    account.events = [stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: id })];

    const answer = await account.environment().invoke(updateEvent(id, properties(), existing));
    expect(answer.PhysicalResourceId).toBe(id);

    account.events = [stackEvent('DELETE_IN_PROGRESS', { physicalResourceId: id }), ...account.events];
    await account.environment().invoke(deleteEvent(id));
    expect(keysOf(account)).toEqual([]);
  });

  test('is not taken over by a rollback that looks like a hand-over: the former key comes back', async () => {
    const { account, apiKey, existing } = adoption();
    const { PhysicalResourceId: id, Data } = await account.environment().invoke(createEvent());
    const used = await account.environment().invoke(updateEvent(id, existing, properties()));
    account.events = [
      stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: used.PhysicalResourceId }),
      stackEvent('UPDATE_ROLLBACK_IN_PROGRESS', { logicalResourceId: 'shop', physicalResourceId: STACK_ID }),
      stackEvent('UPDATE_COMPLETE', { physicalResourceId: used.PhysicalResourceId }),
      stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: id }),
    ];

    const rollback = await account
      .environment()
      .invoke(updateEvent(used.PhysicalResourceId, properties(), existing));
    expect(rollback).toMatchObject({ PhysicalResourceId: id, Data });

    await account.environment().invoke(deleteEvent(used.PhysicalResourceId, existing));
    expect(keysOf(account)).toEqual([apiKey, Data?.APIKey]);
  });

  test('is not handed over without proof: a new key is made, and this one is left alone', async () => {
    const { account, apiKey, existing } = adoption();
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent(existing));
    account.events = undefined;

    const answer = await account.environment().invoke(updateEvent(id, properties(), existing));
    await account.environment().invoke(deleteEvent(id, existing));

    expect(keysOf(account)).toEqual([apiKey, answer.Data?.APIKey]);
  });

  describe('at an update in the very same words, which do not name it', () => {
    test.each([
      ['the events cannot be read', false],
      ['the events tell that it was only used', true],
    ])('is not taken for an own one when %s', async (_what, isTold) => {
      const { account, apiKey, existing } = adoption();
      const { PhysicalResourceId: id } = await account.environment().invoke(createEvent(existing));
      const told = [
        stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: id, properties: properties() }),
        stackEvent('UPDATE_ROLLBACK_IN_PROGRESS', { physicalResourceId: STACK_ID }),
        stackEvent('UPDATE_COMPLETE', { physicalResourceId: id, properties: existing }),
        stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: 'gone', properties: existing }),
      ];
      account.events = isTold ? told : undefined;

      const answer = await account.environment().invoke(updateEvent(id, properties(), properties()));

      expect(answer.Status).toBe('SUCCESS');
      expect(answer.Data?.APIKey).not.toBe(apiKey);
    });

    test('stays where there is no record of it any more, and no rollback', async () => {
      const { account, apiKey, existing } = adoption();
      const { PhysicalResourceId: id } = await account.environment().invoke(createEvent(existing));
      account.events = [
        stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: id, properties: properties() }),
      ];

      const answer = await account.environment().invoke(updateEvent(id, properties(), properties()));

      expect(answer).toMatchObject({ PhysicalResourceId: id, Data: { APIKey: apiKey } });
    });
  });

  test('keeps the id that the resource has for it, when an own one is named', async () => {
    const { account, id, apiKey } = await deployed();
    const named = { ...properties(), ExistingApiKey: apiKey };

    const answer = await account.environment().invoke(updateEvent(id, named, properties()));

    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id });
  });

  test('keeps its id when it is handed over, rotated, and that is rolled back', async () => {
    const { account, apiKey, existing } = adoption();
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent(existing));
    const rotated = { ...properties(), Rotation: '2' };
    const { PhysicalResourceId: next } = await account
      .environment()
      .invoke(updateEvent(id, rotated, properties()));
    const ofStack = { logicalResourceId: 'shop', physicalResourceId: STACK_ID };
    account.events = [
      stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: next }),
      stackEvent('UPDATE_ROLLBACK_IN_PROGRESS', ofStack),
      stackEvent('UPDATE_COMPLETE', { physicalResourceId: next }),
      stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: id }),
    ];

    const rollback = await account.environment().invoke(updateEvent(next, properties(), rotated));

    expect(rollback).toMatchObject({ PhysicalResourceId: id, Data: { APIKey: apiKey } });
  });

  test('comes back by a rollback from an own one', async () => {
    const { account, existing, apiKey } = adoption();
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent(existing));
    const wanted = properties(['example.org']);
    const update = await account.environment().invoke(updateEvent(id, wanted, existing));

    const rollback = await account
      .environment()
      .invoke(updateEvent(update.PhysicalResourceId, existing, wanted));
    await account.environment().invoke(deleteEvent(update.PhysicalResourceId, wanted));

    expect(rollback.PhysicalResourceId).toBe(id);
    expect(keysOf(account)).toEqual([apiKey]);
  });
});

describe('a cancelled request', () => {
  const cancelled = [stackEvent('CREATE_FAILED'), stackEvent('CREATE_IN_PROGRESS')];

  test('that has waited makes no key', async () => {
    const account = new Account();
    account.waf.faults.next('CreateAPIKey', throttled(), 10);
    account.events = cancelled;

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Reason).toMatch(
      /^CreateAPIKey in eu-west-1: Refusal: the key is not wanted any more, after \d+ attempts$/,
    );
    expect(keysOf(account)).toEqual([]);
  });

  test.each([
    ['at once', 0],
    ['only seconds later, page by page', 4000],
  ])('that came late makes no key at all, when the events are there %s', async (_what, ms) => {
    const account = new Account();
    account.events = [stackEvent('DELETE_COMPLETE')];
    account.onReading = () => account.clock.sleep(ms);
    const late = { ResponseURL: 'https://cloudformation.example/response?X-Amz-Date=20260131T115950Z' };

    const answer = await account.environment().invoke(createEvent(properties(), late));

    expect(answer.Status).toBe('FAILED');
    expect(account.calls()).toEqual(['ListAPIKeys ok']);
  });

  test('undoes the key that it has made, after its answer', async () => {
    const account = new Account();
    account.events = cancelled;

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Status).toBe('SUCCESS');
    expect(keysOf(account)).toEqual([]);
  });

  test('undoes its key when another answer was taken', async () => {
    const account = new Account();
    account.events = [
      stackEvent('CREATE_COMPLETE', { physicalResourceId: 'of a duplicate' }),
      stackEvent('CREATE_IN_PROGRESS'),
    ];

    await account.environment().invoke(createEvent());

    expect(keysOf(account)).toEqual([]);
  });

  test('is noticed some time after the answer as well', async () => {
    const account = new Account();
    let readings = 0;
    account.onReading = () => {
      readings += 1;
      if (readings === 3) account.events = cancelled;
    };

    await account.environment().invoke(createEvent());

    expect(keysOf(account)).toEqual([]);
  });

  test('is looked for no longer than the function may run', async () => {
    const account = new Account();
    const startedAt = account.clock.now();
    const { put } = account;
    account.put = async (...call) => (account.clock.now() - startedAt < 88_000 ? 503 : put(...call));

    const answer = await account.environment().invoke(createEvent(), 100_000);

    expect(answer.Status).toBe('SUCCESS');
    expect(account.clock.now() - startedAt).toBeLessThan(100_000);
  });

  test('is not looked for any more once the key is recorded', async () => {
    const account = new Account();
    account.onReading = () => {
      const id = account.answers[0]?.PhysicalResourceId;
      account.events = [stackEvent('CREATE_COMPLETE', { physicalResourceId: id })];
    };
    const startedAt = account.clock.now();

    await account.environment().invoke(createEvent());

    expect(account.clock.now() - startedAt).toBe(1000);
    expect(account.waf.keys()).toHaveLength(1);
  });

  test('keeps its key when the events cannot tell', async () => {
    const account = new Account();
    account.events = undefined;

    await account.environment().invoke(createEvent());

    expect(account.waf.keys()).toHaveLength(1);
  });

  test('whose key cannot be undone does not make the invocation fail, and logs the id', async () => {
    const account = new Account();
    account.events = cancelled;
    account.waf.faults.next('DeleteAPIKey', failed(400, 'WAFInvalidOperationException', 'before'));

    const answer = await account.environment().invoke(createEvent());

    expect(account.waf.keys()).toHaveLength(1);
    expect(
      account.logLines.some(
        line => line.includes('could not undo') && line.includes(answer.PhysicalResourceId),
      ),
    ).toBe(true);
  });

  test('gets time to clean up before the Delete of its invented id is answered', async () => {
    const account = new Account();
    const startedAt = account.clock.now();

    await account.environment().invoke(deleteEvent(INVENTED_ID));

    expect(account.clock.now() - startedAt).toBe(45_000);
  });

  test('that failed by itself needs no such time', async () => {
    const account = new Account();
    const startedAt = account.clock.now();

    await account.environment().invoke(deleteEvent('WafCaptchaApiKey/create-failed/request-0'));

    expect(account.clock.now()).toBe(startedAt);
  });
});

describe('a key of another', () => {
  test('is not used in place of the existing one that is named', async () => {
    const account = new Account();
    account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
    const { apiKey } = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);

    const answer = await account
      .environment()
      .invoke(createEvent({ ...properties(), ExistingApiKey: apiKey }));

    expect(answer.Data?.APIKey).toBe(apiKey);
  });

  test('is not handed over with changed domains: a new one is made', async () => {
    const account = new Account();
    const { apiKey } = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
    account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.org']);
    const existing = { ...properties(), ExistingApiKey: apiKey };
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent(existing));
    account.events = [stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: id })];

    const answer = await account.environment().invoke(updateEvent(id, properties(['example.org']), existing));

    expect(answer.Data?.APIKey).toBe(account.waf.keys().at(-1)?.apiKey);
    expect(account.waf.keys()).toHaveLength(3);
  });

  test('is not handed over together with a rotation: a fresh one is made', async () => {
    const account = new Account();
    const { apiKey } = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
    const existing = { ...properties(), ExistingApiKey: apiKey };
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent(existing));
    account.events = [stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: id })];

    const answer = await account
      .environment()
      .invoke(updateEvent(id, { ...properties(), Rotation: '1' }, existing));

    expect(answer.Data?.APIKey).not.toBe(apiKey);
  });

  test('is left alone, and the log says so', async () => {
    const account = new Account();
    const { apiKey } = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
    const existing = { ...properties(), ExistingApiKey: apiKey };
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent(existing));

    await account.environment().invoke(deleteEvent(id, existing));

    expect(JSON.parse(account.logLines.at(-2) ?? '')).toEqual({
      message: 'left the key alone: it is only used here',
      id,
    });
  });
});
