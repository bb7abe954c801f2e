import { Refusal } from '../../../lambda/aws/errors';
import type { WafKeys } from '../../../lambda/aws/waf-keys';
import type { DesiredKey } from '../../../lambda/decision/desired-key';
import { digestOf, type Location } from '../../../lambda/decision/key-id';
import type { TimeLimit } from '../../../lambda/runtime/clock';
import { LIST_LAG, SLOT } from '../../../lambda/timings';
import { accessDenied, cut, type Fault, failed, hanging, slow, throttled } from '../../../local-aws/faults';
import type { Wafv2Options } from '../../../local-aws/wafv2';
import { EDGE, IRELAND, type Page, WafAccount } from './waf-account';

const DOMAINS = ['example.com', 'shop.example.com'];
const MINUTE = 60_000;

const desiredIn = (location: Location): DesiredKey => ({
  location,
  tokenDomains: DOMAINS,
  rotation: '',
  existingApiKey: undefined,
  keepPreviousKey: false,
});

const internalError = (moment: 'before' | 'after') => failed(500, 'WAFInternalErrorException', moment);

/** Creates a key; tells what `onUnclear` was told, in milliseconds from the beginning. */
function creating(account: WafAccount, keys: WafKeys = account.environment(), limit = account.limit()) {
  const unclear: number[] = [];
  const startedAt = account.clock.now();
  const ready = async () => undefined;
  const work = keys.create(desiredIn(IRELAND), limit, ready, sentAt => unclear.push(sentAt - startedAt));
  return { work, unclear };
}

/** Looks for a key in a new list; resolves to whether it was found. */
async function found(account: WafAccount, apiKey: string, keys = account.environment()): Promise<boolean> {
  const list = keys.list(IRELAND);
  await account.clock.run(list.lookFor(digestOf(apiKey), account.limit()));
  return list.keys.has(digestOf(apiKey));
}

const foreign = (account: WafAccount, domains = DOMAINS) =>
  account.waf.createForeignKey('eu-west-1', 'REGIONAL', domains).apiKey;

const count = (account: WafAccount, call: string) => account.calls().filter(other => other === call).length;

/** Every page of ListAPIKeys changed on its way. */
function altered(change: (page: Page, index: number) => object, options: Partial<Wafv2Options> = {}) {
  const account = new WafAccount(options);
  account.alter = (operation, page, index) => (operation === 'ListAPIKeys' ? change(page, index) : page);
  return account;
}

describe('a list', () => {
  const lastPages: [string, Wafv2Options['lastMarker']][] = [
    ['without a marker', 'absent'],
    ['with an empty marker', 'empty'],
    ['with a marker that leads to an empty page', 'dangling'],
    ['with a marker that leads to the same page again', 'repeated'],
  ];

  test.each(lastPages)('ends after a last page %s', async (_what, lastMarker) => {
    const account = new WafAccount({ pageSize: 2, lastMarker, quota: 'unlimited' });
    const made = Array.from({ length: 5 }, () => foreign(account));
    const list = account.environment().list(IRELAND);

    await account.clock.run(list.readUntil(() => false, account.limit()));

    expect([...list.keys.values()].map(({ key }) => key)).toEqual(made);
  });

  test('continues after an empty page with a marker', async () => {
    const empty = { APIKeySummaries: [] };
    const account = altered((page, index) => (index === 0 ? { ...page, ...empty } : page), { pageSize: 1 });
    foreign(account);
    const second = foreign(account);
    const list = account.environment().list(IRELAND);

    await account.clock.run(list.readUntil(() => false, account.limit()));

    expect([...list.keys.keys()]).toEqual([digestOf(second)]);
  });

  test('treats a page without a list as empty', async () => {
    const account = altered(({ NextMarker }) => ({ NextMarker }));
    foreign(account);
    const list = account.environment().list(IRELAND);

    await account.clock.run(list.readUntil(() => false, account.limit()));

    expect(list.keys.size).toBe(0);
  });

  test('has keys that are listed without a time of creation', async () => {
    const without = ({ APIKeySummaries = [], ...page }: Page) => ({
      ...page,
      APIKeySummaries: APIKeySummaries.map(({ APIKey, TokenDomains }) => ({ APIKey, TokenDomains })),
    });
    const account = altered(without);
    const apiKey = foreign(account);
    const list = account.environment().list(IRELAND);

    await account.clock.run(list.lookFor(digestOf(apiKey), account.limit()));

    expect(list.keys.get(digestOf(apiKey))).toMatchObject({ key: apiKey, tokenDomains: DOMAINS });
  });

  test('passes over an entry without a key', async () => {
    const account = altered(page => ({ ...page, APIKeySummaries: [{}, ...(page.APIKeySummaries ?? [])] }));
    const apiKey = foreign(account);
    const list = account.environment().list(IRELAND);

    await account.clock.run(list.readUntil(() => false, account.limit()));

    expect([...list.keys.keys()]).toEqual([digestOf(apiKey)]);
  });

  test('is read only up to the page with the key, and from there the next time', async () => {
    const account = new WafAccount({ pageSize: 1 });
    const [first = '', second = ''] = [foreign(account), foreign(account)];
    foreign(account);
    const list = account.environment().list(IRELAND);

    await account.clock.run(list.lookFor(digestOf(first), account.limit()));
    expect(account.calls()).toEqual(['ListAPIKeys ok']);
    await account.clock.run(list.lookFor(digestOf(second), account.limit()));
    expect(account.calls()).toEqual(['ListAPIKeys ok', 'ListAPIKeys ok']);
    await account.clock.run(list.lookFor(digestOf(first), account.limit()));
    expect(account.calls()).toHaveLength(2);
  });

  test('is that of the scope and Region asked for', async () => {
    const account = new WafAccount();
    const edge = account.waf.createForeignKey('us-east-1', 'CLOUDFRONT', DOMAINS).apiKey;
    foreign(account);
    account.waf.createForeignKey('us-east-1', 'REGIONAL', DOMAINS);
    const list = account.environment().list(EDGE);

    await account.clock.run(list.readUntil(() => false, account.limit()));

    expect([...list.keys.keys()]).toEqual([digestOf(edge)]);
    expect([...account.regions]).toEqual(['us-east-1']);
  });

  test('registers its keys with the log, which cuts them out', async () => {
    const account = new WafAccount();
    const apiKey = foreign(account);

    await found(account, apiKey);

    expect(account.seen.cutFrom(apiKey)).toBe('[API key]');
  });

  test('is read through throttles, server errors, silence and cut connections', async () => {
    const account = new WafAccount();
    const apiKey = foreign(account);
    for (const fault of [throttled(), internalError('before'), hanging('before'), cut('before')])
      account.waf.faults.next('ListAPIKeys', fault);

    await expect(found(account, apiKey)).resolves.toBe(true);
    expect(account.calls()).toHaveLength(5);
  });

  test('is read from the first page again if the marker of a later one is refused', async () => {
    const account = new WafAccount({ pageSize: 2, quota: 'unlimited' });
    const made = Array.from({ length: 5 }, () => foreign(account));
    const refused = failed(400, 'WAFInvalidParameterException', 'before', 'bad marker');
    let lists = 0;
    account.waf.faults.when(() => {
      lists += 1;
      return lists === 3 ? refused : undefined;
    });
    const list = account.environment().list(IRELAND);

    await account.clock.run(list.readUntil(() => false, account.limit()));

    expect([...list.keys.values()].map(({ key }) => key)).toEqual(made);
    expect(lists).toBe(6);
  });

  test('that cannot be read fails with the call and AWS’s last error', async () => {
    const account = new WafAccount();
    account.waf.faults.when(() => failed(400, 'WAFInvalidParameterException', 'before', 'bad marker'));

    const work = account
      .environment()
      .list(IRELAND)
      .readUntil(() => false, account.limit());

    await expect(account.clock.run(work)).rejects.toThrow(
      'ListAPIKeys in eu-west-1: WAFInvalidParameterException: bad marker, after 1 attempt',
    );
  });
});

describe('a key that seems absent', () => {
  test('is confirmed to be gone by five lists, over a longer time than a list may lag', async () => {
    const account = new WafAccount();
    const list = account.environment().list(IRELAND);

    const { took } = await account.timed(list.lookFor(digestOf('gone'), account.limit()));

    expect(list.isConfirmed).toBe(true);
    expect(count(account, 'ListAPIKeys ok')).toBe(5);
    expect(took).toBeGreaterThan(LIST_LAG);
  });

  test('is found in a list that lags by 20 seconds', async () => {
    const account = new WafAccount({ listLagMs: 20_000 });
    const apiKey = foreign(account);
    const list = account.environment().list(IRELAND);

    await account.clock.run(list.lookFor(digestOf(apiKey), account.limit()));

    expect(list.keys.get(digestOf(apiKey))?.key).toBe(apiKey);
    expect(list.isConfirmed).toBe(false);
  });

  test('is not confirmed to be gone before the last list has been read', async () => {
    const account = new WafAccount();
    const list = account.environment().list(IRELAND);
    account.waf.faults.when(() =>
      account.calls().length === 4 ? failed(400, 'WAFInvalidParameterException', 'before') : undefined,
    );

    await account.timedFailure(list.lookFor(digestOf('gone'), account.limit()));

    expect(list.isConfirmed).toBe(false);
  });

  test('takes less time where there is less', async () => {
    const account = new WafAccount();
    const list = account.environment().list(IRELAND);

    const { took } = await account.timed(list.lookFor(digestOf('gone'), account.limit(60_000)));

    expect(list.isConfirmed).toBe(true);
    expect(took).toBe(15_000);
  });
});

describe('the integration URL', () => {
  const urlOf = async (account: WafAccount) => {
    const list = account.environment().list(IRELAND);
    return account.clock.run(list.integrationUrl(account.limit()));
  };

  test('is read from the first page alone, without its trailing slash', async () => {
    const account = new WafAccount({ pageSize: 1, integrationUrl: () => 'https://x.example/a/b/' });
    for (let i = 0; i < 3; i += 1) foreign(account);

    await expect(urlOf(account)).resolves.toBe('https://x.example/a/b');
    expect(account.calls()).toEqual(['ListAPIKeys ok']);
  });

  test.each([
    ['missing', undefined],
    ['empty', ''],
  ])('is found on a later page if it is %s on the earlier ones', async (_what, missing) => {
    const account = altered(
      (page, index) => (index < 2 ? { ...page, ApplicationIntegrationURL: missing } : page),
      { pageSize: 1, integrationUrl: () => 'https://x.example/a/' },
    );
    for (let i = 0; i < 4; i += 1) foreign(account);

    await expect(urlOf(account)).resolves.toBe('https://x.example/a');
    expect(account.calls()).toHaveLength(3);
  });

  test('that no page has is an error', async () => {
    const account = altered(({ ApplicationIntegrationURL: _url, ...page }) => page, { pageSize: 1 });
    for (let i = 0; i < 2; i += 1) foreign(account);

    await expect(urlOf(account)).rejects.toThrow(
      'ListAPIKeys: expected an ApplicationIntegrationURL, got none',
    );
  });

  test.each([
    ['at its end', '', 'https://x.example'],
    ['within it', 'a', `https://x.example${'/'.repeat(100_000)}a`],
  ])('may have 100,000 slashes %s', async (_where, end, expected) => {
    const account = new WafAccount({ integrationUrl: () => `https://x.example${'/'.repeat(100_000)}${end}` });
    const startedAt = performance.now();

    await expect(urlOf(account)).resolves.toBe(expected);
    // a regular expression takes seconds
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe('a creation', () => {
  test('sends scope and domains to the Region, and returns the key', async () => {
    const account = new WafAccount();
    const ready = async () => undefined;
    const work = account.environment().create(desiredIn(EDGE), account.limit(), ready, () => undefined);

    const apiKey = await account.clock.run(work);

    expect(account.waf.keys()).toMatchObject([
      { apiKey, region: 'us-east-1', scope: 'CLOUDFRONT', tokenDomains: DOMAINS },
    ]);
    expect(account.seen.cutFrom(`a ${apiKey}`)).toBe('a [API key]');
  });

  test('is one call, and reads no list', async () => {
    const account = new WafAccount();
    foreign(account);

    await account.clock.run(creating(account).work);

    expect(account.calls()).toEqual(['CreateAPIKey ok']);
  });

  test('waits through ten minutes of throttles', async () => {
    const account = new WafAccount({ quota: 'unlimited' });
    account.waf.faults.during(10 * MINUTE, 'CreateAPIKey', throttled());
    const { work, unclear } = creating(account);

    const { took } = await account.timed(work);

    expect(account.waf.keys()).toHaveLength(1);
    expect(count(account, 'CreateAPIKey ok')).toBe(1);
    expect(unclear).toEqual([]);
    expect(took).toBeGreaterThanOrEqual(10 * MINUTE);
    expect(took).toBeLessThan(11 * MINUTE);
  });

  test('shares the quota with others in other environments, none of which gets two keys', async () => {
    const account = new WafAccount();
    const works = Array.from({ length: 12 }, () => creating(account).work);

    const { took } = await account.timed(Promise.all(works));

    expect(account.waf.keys()).toHaveLength(12);
    expect(count(account, 'CreateAPIKey ok')).toBe(12);
    const later = account.times('CreateAPIKey').slice(12);
    expect(later.map(time => time % SLOT)).toEqual(later.map(() => 0));
    expect(took).toBeLessThan(MINUTE);
  });

  test.each([0, 9000])(
    'gives up when its time ends, and names AWS’s last error, where each check takes %d ms',
    async ms => {
      const account = new WafAccount({ quota: 'unlimited' });
      account.waf.faults.when(() => throttled());
      const limit = account.limit();
      const due = limit.deadline - limit.budget.toCreate;
      const check = () => account.clock.sleep(ms);
      const work = account.environment().create(desiredIn(IRELAND), limit, check, () => undefined);

      const { result } = await account.timedFailure(work);

      expect(result.message).toMatch(
        /^CreateAPIKey in eu-west-1: ThrottlingException: Rate exceeded, after \d+ attempts$/,
      );
      const last = account.times('CreateAPIKey').at(-1) ?? 0;
      expect(last).toBeGreaterThan(due - MINUTE);
      // the check and the wait for a slot may begin when the call is due
      expect(last).toBeLessThanOrEqual(due + ms + SLOT);
    },
  );

  test('does not begin without enough time for what follows it', async () => {
    const account = new WafAccount();
    const limit = account.limit();
    const pause = limit.deadline - limit.budget.toCreate - account.clock.now() + 1;
    await account.clock.run(account.clock.sleep(pause));

    const { result } = await account.timedFailure(creating(account, account.environment(), limit).work);

    expect(result.message).toBe('CreateAPIKey in eu-west-1: not begun, too little time is left');
    expect(account.calls()).toEqual([]);
  });

  const unclear: [string, Fault, number][] = [
    ['is answered 500 after it had its effect', internalError('after'), 2],
    ['is answered 500 without an effect', internalError('before'), 1],
    ['is answered with a 503 of the load balancer', failed(503, 'ServiceUnavailable', 'after'), 2],
    ['is answered 408', failed(408, 'RequestTimeoutException', 'after'), 2],
    ['is cut off after it had its effect', cut('after'), 2],
    ['is cut off without an effect', cut('before'), 1],
    ['is not answered after it had its effect', hanging('after'), 2],
    ['is not answered and has no effect', hanging('before'), 1],
  ];

  test.each(unclear)(
    'that %s is told as unclear once and creates another key',
    async (_what, fault, made) => {
      const account = new WafAccount({ quota: 'unlimited' });
      account.waf.faults.next('CreateAPIKey', fault);
      const { work, unclear } = creating(account);

      const apiKey = await account.clock.run(work);

      expect(unclear).toEqual([0]);
      expect(account.times('CreateAPIKey')).toHaveLength(2);
      expect(account.waf.keys()).toHaveLength(made);
      expect(account.waf.keys().at(-1)?.apiKey).toBe(apiKey);
      expect(account.logLines).toEqual([
        expect.stringContaining('"message":"CreateAPIKey got no clear response"'),
      ]);
    },
  );

  test('whose response is too late is given up, reported as unclear and repeated', async () => {
    const account = new WafAccount();
    account.waf.faults.next('CreateAPIKey', slow(25_000));
    const { work, unclear } = creating(account);

    const { took } = await account.timed(work);

    expect(unclear).toEqual([0]);
    expect(took).toBeGreaterThan(10_000);
    expect(took).toBeLessThan(12_000);
  });

  test('whose response has no key is reported as unclear and repeated', async () => {
    const account = new WafAccount();
    account.alter = (operation, answer, index) => (operation === 'CreateAPIKey' && index === 0 ? {} : answer);
    const { work, unclear } = creating(account);

    await account.clock.run(work);

    expect(unclear).toEqual([0]);
    expect(account.waf.keys()).toHaveLength(2);
  });

  test('reports each unclear call separately, with the time when it was sent', async () => {
    const account = new WafAccount({ quota: 'unlimited' });
    account.waf.faults.next('CreateAPIKey', cut('before'));
    account.waf.faults.next('CreateAPIKey', throttled());
    account.waf.faults.next('CreateAPIKey', cut('after'));
    const startedAt = account.clock.now();
    const { work, unclear } = creating(account);

    await account.clock.run(work);

    // a throttle is clear
    const sent = account.times('CreateAPIKey').map(at => at - startedAt);
    expect(unclear).toEqual([sent[0], sent[2]]);
    expect(sent).toHaveLength(4);
  });

  const refusals: [string, string][] = [
    ['WAFLimitsExceededException', 'too many keys'],
    ['WAFInvalidParameterException', 'no such domain'],
    ['WAFInvalidOperationException', 'not here'],
    ['ExpiredTokenException', 'the token is expired'],
    ['ValidationException', 'too long'],
  ];

  test.each(refusals)('that is refused with %s fails at once', async (code, message) => {
    const account = new WafAccount();
    account.waf.faults.next('CreateAPIKey', failed(400, code, 'before', message));
    const { work, unclear } = creating(account);

    const { result, took } = await account.timedFailure(work);

    expect(result.message).toBe(`CreateAPIKey in eu-west-1: ${code}: ${message}, after 1 attempt`);
    expect(took).toBe(0);
    expect(unclear).toEqual([]);
  });

  test('waits for permissions that arrive within a minute', async () => {
    const account = new WafAccount();
    account.waf.faults.during(50_000, 'CreateAPIKey', accessDenied('wafv2:CreateAPIKey'));
    const { work, unclear } = creating(account);

    await account.clock.run(work);

    expect(account.waf.keys()).toHaveLength(1);
    expect(unclear).toEqual([]);
  });

  test('fails when permissions do not arrive within a minute', async () => {
    const account = new WafAccount({ quota: 'unlimited' });
    account.waf.faults.when(() => accessDenied('wafv2:CreateAPIKey'));

    const { result, took } = await account.timedFailure(creating(account).work);

    expect(result.message).toMatch(/^CreateAPIKey in eu-west-1: AccessDeniedException: .*wafv2:CreateAPIKey/);
    expect(took).toBe(60_000);
  });

  test('checks before each attempt, and stops calling once the check throws', async () => {
    const account = new WafAccount({ quota: 'unlimited' });
    account.waf.faults.when(() => throttled());
    let asked = 0;
    const stands = async () => {
      asked += 1;
      if (asked === 3) throw new Refusal('CloudFormation cancelled this request');
    };
    const unclear: number[] = [];
    const work = account
      .environment()
      .create(desiredIn(IRELAND), account.limit(), stands, sentAt => unclear.push(sentAt));

    const { result } = await account.timedFailure(work);

    expect(result.message).toContain('CloudFormation cancelled this request');
    expect(account.calls()).toEqual(['CreateAPIKey ThrottlingException', 'CreateAPIKey ThrottlingException']);
    expect(unclear).toEqual([]);
  });

  test('ends with the work that it is part of', async () => {
    const account = new WafAccount({ quota: 'unlimited' });
    account.waf.faults.when(() => throttled());
    const abort = new AbortController();
    const limit: TimeLimit = { ...account.limit(), signal: abort.signal };
    const stop = account.clock.sleep(30_300).then(() => abort.abort(new Error('the event is answered')));

    const { took } = await account.timedFailure(creating(account, account.environment(), limit).work);

    await stop;
    expect(took).toBe(30_300);
    expect(account.waf.keys()).toEqual([]);
  });
});

describe('a deletion', () => {
  const deleting = (account: WafAccount, apiKey: string, limit = account.limit()) =>
    account.environment().delete(IRELAND, apiKey, limit);

  test('deletes this key in its scope and Region and no other', async () => {
    const account = new WafAccount();
    const [one, other] = [foreign(account), foreign(account)];

    await account.clock.run(deleting(account, one));

    expect(account.waf.keys().map(({ apiKey }) => apiKey)).toEqual([other]);
    expect(account.calls()).toEqual(['DeleteAPIKey ok']);
  });

  test('of a missing key is no error', async () => {
    const account = new WafAccount();

    await account.clock.run(deleting(account, 'no such key'));

    expect(account.calls()).toEqual(['DeleteAPIKey WAFNonexistentItemException']);
  });

  test('is tried again when another change interfered', async () => {
    const account = new WafAccount();
    const apiKey = foreign(account);
    account.waf.faults.next('DeleteAPIKey', failed(400, 'WAFOptimisticLockException', 'before'), 5);

    await account.clock.run(deleting(account, apiKey));

    expect(account.waf.keys()).toEqual([]);
  });

  test.each([
    ['answered 500', internalError('after')],
    ['cut off', cut('after')],
    ['not answered', hanging('after')],
  ])('that was %s after it took effect is done', async (_what, fault) => {
    const account = new WafAccount();
    const apiKey = foreign(account);
    account.waf.faults.next('DeleteAPIKey', fault);

    await account.clock.run(deleting(account, apiKey));

    expect(account.waf.keys()).toEqual([]);
    expect(account.calls().at(-1)).toBe('DeleteAPIKey WAFNonexistentItemException');
  });

  test('that fails until the deadline says so, with the call and AWS’s last error', async () => {
    const account = new WafAccount();
    const apiKey = foreign(account);
    account.waf.faults.next('DeleteAPIKey', throttled());
    account.waf.faults.when(() => internalError('before'));
    const limit = account.limit();

    const { result } = await account.timedFailure(deleting(account, apiKey, limit));

    expect(result.message).toMatch(
      /^DeleteAPIKey in eu-west-1: WAFInternalErrorException: injected WAFInternalErrorException, after \d+ attempts$/,
    );
    expect(limit.progress.text).toBe(result.message);
    expect(account.times('DeleteAPIKey').at(-1)).toBe(limit.at);
  });

  test('that is refused for good fails at once', async () => {
    const account = new WafAccount();
    account.waf.faults.when(() => failed(400, 'WAFInvalidOperationException', 'before', 'no'));

    const { result, took } = await account.timedFailure(deleting(account, 'key'));

    expect(result.message).toBe(
      'DeleteAPIKey in eu-west-1: WAFInvalidOperationException: no, after 1 attempt',
    );
    expect(took).toBe(0);
  });

  test('does not begin after the limit', async () => {
    const account = new WafAccount();
    const limit = { ...account.limit(), at: account.clock.now() - 1 };

    const { result } = await account.timedFailure(deleting(account, foreign(account), limit));

    expect(result.message).toBe('DeleteAPIKey in eu-west-1: not begun, too little time is left');
    expect(account.calls()).toEqual([]);
  });
});

describe('a key that an environment has created and that is not listed', () => {
  async function unlisted() {
    const account = new WafAccount({ listLagMs: 20 * MINUTE });
    const keys = account.environment();
    const apiKey = await account.clock.run(creating(account, keys).work);
    const lookFor = (seconds: number, by = keys) => {
      const work = by.list(IRELAND).lookFor(digestOf(apiKey), account.limit(seconds * 1000));
      return account.clock.run(work);
    };
    return { account, keys, apiKey, lookFor };
  }

  test('counts as there where a short function cannot wait for it', async () => {
    const { apiKey, lookFor } = await unlisted();

    await expect(lookFor(60)).resolves.toMatchObject({ key: apiKey, tokenDomains: DOMAINS });
  });

  test('is gone where the list had its time: somebody may have deleted it', async () => {
    const { lookFor } = await unlisted();

    await expect(lookFor(900)).resolves.toBeUndefined();
  });

  test.each([
    ['once it must be listed', async ({ clock }: WafAccount) => clock.run(clock.sleep(LIST_LAG))],
    [
      'once this environment has deleted it',
      async (account: WafAccount, keys: WafKeys, apiKey: string) =>
        account.clock.run(keys.delete(IRELAND, apiKey, account.limit())),
    ],
  ])('is gone %s', async (_when, change) => {
    const { account, keys, apiKey, lookFor } = await unlisted();

    await change(account, keys, apiKey);

    await expect(lookFor(60)).resolves.toBeUndefined();
  });

  test('is gone for another environment', async () => {
    const { account, lookFor } = await unlisted();

    await expect(lookFor(60, account.environment())).resolves.toBeUndefined();
  });
});

describe('the keys created since a time', () => {
  const since = async (account: WafAccount, time: number, keys = account.environment()) => {
    const list = keys.list(IRELAND);
    await account.clock.run(list.readUntil(() => false, account.limit()));
    return keys.createdSince(list, desiredIn(IRELAND), time);
  };
  const reference = (apiKey: string) => ({ location: IRELAND, digest: digestOf(apiKey) });
  const pass = (account: WafAccount, ms: number) => account.clock.run(account.clock.sleep(ms));

  test('are those with these domains, on all pages, in any order and letter case', async () => {
    const answeredDomains = (domains: readonly string[]) =>
      [...domains].reverse().map(domain => domain.toUpperCase());
    const account = new WafAccount({ pageSize: 1, answeredDomains });
    const time = account.clock.now();
    const first = foreign(account);
    foreign(account, ['example.com']);
    foreign(account, [...DOMAINS, 'example.org']);
    account.waf.createForeignKey('us-east-1', 'CLOUDFRONT', DOMAINS);
    const last = foreign(account);

    await expect(since(account, time)).resolves.toEqual([reference(first), reference(last)]);
  });

  test('are none from before, except within clock skew and time stamp precision', async () => {
    const account = new WafAccount();
    foreign(account);
    await pass(account, 8000);
    const close = foreign(account);
    await pass(account, 2000);

    await expect(since(account, account.clock.now())).resolves.toEqual([reference(close)]);
  });

  test('may be those without a time', async () => {
    const account = altered(({ APIKeySummaries = [] }) => ({
      APIKeySummaries: APIKeySummaries.map(({ APIKey, TokenDomains }) => ({ APIKey, TokenDomains })),
    }));
    const undated = foreign(account);

    await expect(since(account, account.clock.now())).resolves.toEqual([reference(undated)]);
  });

  test('are none that this environment created', async () => {
    const account = new WafAccount();
    const keys = account.environment();
    await account.clock.run(creating(account, keys).work);
    const other = foreign(account);

    await expect(since(account, 0, keys)).resolves.toEqual([reference(other)]);
  });
});
