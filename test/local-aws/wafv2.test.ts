import {
  CreateAPIKeyCommand,
  DeleteAPIKeyCommand,
  ListAPIKeysCommand,
  ListWebACLsCommand,
  type Scope,
  WAFInvalidParameterException,
  WAFNonexistentItemException,
  WAFV2Client,
} from '@aws-sdk/client-wafv2';
import { accessDenied, cut, failed, hanging, slow, throttled } from '../../local-aws/faults';
import { inProcessHandler } from '../../local-aws/in-process';
import { Wafv2, type Wafv2Options } from '../../local-aws/wafv2';
import { ManualClock } from './manual-clock';
import { until } from './until';

const domains = ['example.com', 'shop.example.com'];

/** The real client against the service in this process, its own retries off. */
function setUp(options: Omit<Wafv2Options, 'clock' | 'random'> = { quota: 'unlimited' }) {
  const clock = new ManualClock();
  const waf = new Wafv2({ random: Math.random, clock, ...options });
  const client = (region = 'eu-west-1') =>
    new WAFV2Client({
      region,
      maxAttempts: 1,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      requestHandler: inProcessHandler(waf.service, clock, 5000),
    });
  const create = async (tokenDomains: string[] = domains, scope: Scope = 'REGIONAL', region?: string) => {
    const command = new CreateAPIKeyCommand({ Scope: scope, TokenDomains: tokenDomains });
    return (await client(region).send(command)).APIKey ?? '';
  };
  const list = (input: { NextMarker?: string; Limit?: number; Scope?: Scope } = {}, region?: string) =>
    client(region).send(new ListAPIKeysCommand({ Scope: 'REGIONAL', ...input }));
  const listed = async () => ((await list()).APIKeySummaries ?? []).map(key => key.APIKey);
  const remove = (apiKey: string) =>
    client().send(new DeleteAPIKeyCommand({ Scope: 'REGIONAL', APIKey: apiKey }));
  return { clock, waf, client, create, list, listed, remove };
}

describe('API keys', () => {
  test('a created key is listed with its domains and the time of its creation', async () => {
    const { clock, create, list } = setUp();
    clock.advance(250);
    const apiKey = await create();
    expect((await list()).APIKeySummaries).toEqual([
      { APIKey: apiKey, TokenDomains: domains, CreationTimestamp: new Date(clock.now()), Version: 1 },
    ]);
  });

  test('a key looks like a real one', async () => {
    const { create } = setUp();
    expect(await create()).toMatch(/^[A-Za-z0-9+/]{683}=_[01]_1$/);
  });

  test('a key may be as long as the model allows', async () => {
    const { create, remove, listed } = setUp({ quota: 'unlimited', keyLength: 2048 });
    const apiKey = await create();
    expect(apiKey).toHaveLength(2048);
    await remove(apiKey);
    expect(await listed()).toEqual([]);
  });

  test('the same random source gives the same keys', async () => {
    const keys = [0, 0].map(random => new Wafv2({ clock: new ManualClock(), random: () => random }));
    const [first, second] = keys.map(waf => waf.createForeignKey('eu-west-1', 'REGIONAL', domains).apiKey);
    expect(first).toBe(second);
  });

  test('two creations with the same domains create two keys', async () => {
    const { create, listed } = setUp();
    const keys = [await create(), await create()];
    expect(new Set(keys).size).toBe(2);
    expect(await listed()).toEqual(keys);
  });

  test('a deleted key is gone, and deleting it again is an error', async () => {
    const { create, listed, remove } = setUp();
    const [gone, kept] = [await create(), await create()];
    await remove(gone);
    expect(await listed()).toEqual([kept]);
    await expect(remove(gone)).rejects.toThrow(WAFNonexistentItemException);
  });

  test('Regions and scopes do not see each other', async () => {
    const { create, list } = setUp();
    await create(domains, 'REGIONAL', 'us-east-1');
    expect((await list({ Scope: 'CLOUDFRONT' }, 'us-east-1')).APIKeySummaries).toEqual([]);
    expect((await list({}, 'eu-west-1')).APIKeySummaries).toEqual([]);
    expect((await list({}, 'us-east-1')).APIKeySummaries).toHaveLength(1);
  });

  test('CLOUDFRONT works in us-east-1 only', async () => {
    const { create } = setUp();
    await create(domains, 'CLOUDFRONT', 'us-east-1');
    const elsewhere = create(domains, 'CLOUDFRONT', 'eu-west-1');
    await expect(elsewhere).rejects.toThrow('The scope is not valid');
    await expect(elsewhere).rejects.toMatchObject({ Field: 'SCOPE_VALUE', Parameter: 'CLOUDFRONT' });
    await expect(elsewhere).rejects.toBeInstanceOf(WAFInvalidParameterException);
  });

  test('the integration URL comes without any key, by Region and scope, with a slash at its end', async () => {
    const { list } = setUp();
    const shape = /^https:\/\/[0-9a-f]+\.([a-z0-9-]+)\.captcha-sdk\.awswaf\.com\/[0-9a-f]+\/$/;
    const regional = (await list()).ApplicationIntegrationURL;
    const global = (await list({ Scope: 'CLOUDFRONT' }, 'us-east-1')).ApplicationIntegrationURL;
    expect(shape.exec(regional ?? '')?.[1]).toBe('eu-west-1');
    expect(shape.exec(global ?? '')?.[1]).toBe('edge');
  });

  test('answers may give the domains in another form', async () => {
    const { create, list } = setUp({ answeredDomains: given => [...given].reverse() });
    await create();
    expect((await list()).APIKeySummaries?.[0]?.TokenDomains).toEqual([...domains].reverse());
  });

  test('a foreign key exists like any other until it is deleted by hand', async () => {
    const { waf, listed } = setUp();
    const { apiKey } = waf.createForeignKey('eu-west-1', 'REGIONAL', domains);
    expect(await listed()).toEqual([apiKey]);
    waf.deleteByHand(apiKey);
    expect(await listed()).toEqual([]);
    expect(waf.keys()).toEqual([]);
  });

  test('another operation is refused by its name', async () => {
    const { client } = setUp();
    const sent = client().send(new ListWebACLsCommand({ Scope: 'REGIONAL' }));
    await expect(sent).rejects.toThrow('local aws does not imitate wafv2 AWSWAF_20190729.ListWebACLs');
  });
});

describe('token domains', () => {
  test.each([
    ['no domain', []],
    ['six domains', ['a.example', 'b.example', 'c.example', 'd.example', 'e.example', 'f.example']],
    ['a public suffix', ['co.uk']],
    ['a top-level domain', ['com']],
  ])('refuses %s', async (_, tokenDomains) => {
    const { create, listed } = setUp();
    await expect(create(tokenDomains)).rejects.toMatchObject({
      name: 'WAFInvalidParameterException',
      Field: 'TOKEN_DOMAIN',
    });
    expect(await listed()).toEqual([]);
  });

  test.each([
    ['a scheme', 'https://example.com'],
    ['a wildcard', '*.example.com'],
    ['an empty name', ''],
    ['254 characters', `${'a'.repeat(250)}.com`],
  ])('refuses %s by the model', async (_, domain) => {
    await expect(setUp().create([domain])).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('takes localhost, which is on no list', async () => {
    await expect(setUp().create(['localhost'])).resolves.toMatch(/_1$/);
  });
});

describe('pages', () => {
  async function filled(options: Partial<Wafv2Options>) {
    const aws = setUp({ quota: 'unlimited', ...options });
    for (let count = 0; count < 3; count++) await aws.create();
    return { ...aws, keys: await Promise.resolve(aws.waf.keys().map(key => key.apiKey)) };
  }

  test('a marker leads from page to page, and the last page has none', async () => {
    const { list, keys } = await filled({});
    const first = await list({ Limit: 2 });
    const second = await list({ Limit: 2, NextMarker: first.NextMarker });
    const found = [first, second].map(page => page.APIKeySummaries?.map(key => key.APIKey));
    expect(found).toEqual([keys.slice(0, 2), keys.slice(2)]);
    expect(second).not.toHaveProperty('NextMarker');
  });

  test('the service may choose smaller pages than the caller', async () => {
    const { list } = await filled({ pageSize: 1 });
    expect((await list({ Limit: 100 })).APIKeySummaries).toHaveLength(1);
  });

  test('a deletion between two pages skips no key', async () => {
    const { list, remove, keys } = await filled({});
    const { NextMarker } = await list({ Limit: 1 });
    await remove(keys[0] ?? '');
    expect((await list({ NextMarker })).APIKeySummaries?.map(key => key.APIKey)).toEqual(keys.slice(1));
  });

  test('the last marker may be empty', async () => {
    const { list } = await filled({ lastMarker: 'empty' });
    expect((await list()).NextMarker).toBe('');
  });

  test('the last marker may lead to an empty page', async () => {
    const { list } = await filled({ lastMarker: 'dangling' });
    const { NextMarker } = await list();
    expect((await list({ NextMarker })).APIKeySummaries).toEqual([]);
  });

  test('the last marker may lead to its own page again', async () => {
    const { list } = await filled({ lastMarker: 'repeated' });
    const { NextMarker, APIKeySummaries } = await list({ Limit: 100 });
    expect(await list({ NextMarker })).toMatchObject({ NextMarker, APIKeySummaries });
  });

  test.each([0, 101])('refuses a limit of %s', async Limit => {
    await expect(setUp().list({ Limit })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('a creation and a deletion may show late', async () => {
    const { clock, create, listed, remove } = setUp({ quota: 'unlimited', listLagMs: 2000 });
    const apiKey = await create();
    clock.advance(1999);
    expect(await listed()).toEqual([]);
    clock.advance(1);
    expect(await listed()).toEqual([apiKey]);
    await remove(apiKey);
    clock.advance(1999);
    expect(await listed()).toEqual([apiKey]);
    clock.advance(1);
    expect(await listed()).toEqual([]);
  });
});

describe('quota', () => {
  const refusal = { name: 'ThrottlingException', message: 'Rate exceeded' };

  test('one creation a second in each Region', async () => {
    const { clock, create } = setUp({});
    await create();
    await expect(create()).rejects.toMatchObject(refusal);
    await create(domains, 'REGIONAL', 'us-east-1');
    clock.advance(999);
    await expect(create()).rejects.toMatchObject(refusal);
    clock.advance(1);
    await create();
  });

  test('five lists a second, a fifth of a second each', async () => {
    const { clock, list } = setUp({});
    for (let count = 0; count < 5; count++) await list();
    await expect(list()).rejects.toMatchObject(refusal);
    clock.advance(200);
    await list();
    await expect(list()).rejects.toMatchObject(refusal);
  });

  test('a refused call may use up quota', async () => {
    const quota = { perSecond: { CreateAPIKey: 1 }, refusedCallsCount: true };
    const { clock, create } = setUp({ quota });
    await create();
    clock.advance(900);
    await expect(create()).rejects.toMatchObject(refusal);
    clock.advance(900);
    await expect(create()).rejects.toMatchObject(refusal);
    clock.advance(1000);
    await create();
  });

  test('a burst may be allowed', async () => {
    const { create } = setUp({ quota: { perSecond: { CreateAPIKey: 1 }, burst: 3 } });
    for (let count = 0; count < 3; count++) await create();
    await expect(create()).rejects.toMatchObject(refusal);
  });
});

describe('faults', () => {
  test('a throttle has no effect and is over after the asked number of calls', async () => {
    const { waf, create, listed } = setUp();
    waf.faults.next('CreateAPIKey', throttled(), 2);
    await expect(create()).rejects.toThrow('Rate exceeded');
    await expect(create()).rejects.toThrow('Rate exceeded');
    expect(await listed()).toEqual([]);
    await create();
  });

  test('an error before the effect leaves nothing, one after it leaves a key', async () => {
    const { waf, create, listed } = setUp();
    waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'before'));
    waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'after'));
    const status = { $metadata: expect.objectContaining({ httpStatusCode: 500 }) };
    await expect(create()).rejects.toMatchObject({ name: 'WAFInternalErrorException', ...status });
    expect(await listed()).toHaveLength(0);
    await expect(create()).rejects.toMatchObject({ name: 'WAFInternalErrorException', ...status });
    expect(await listed()).toHaveLength(1);
  });

  test('a cut connection is a reset', async () => {
    const { waf, create, listed } = setUp();
    waf.faults.next('CreateAPIKey', cut('after'));
    await expect(create()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await listed()).toHaveLength(1);
  });

  test('a hung connection is a time-out of the caller', async () => {
    const { clock, waf, create, listed } = setUp();
    waf.faults.next('CreateAPIKey', hanging('before'));
    const timedOut = expect(create()).rejects.toMatchObject({ name: 'TimeoutError' });
    await until(() => clock.sleeping > 0);
    clock.advance(5000);
    await timedOut;
    expect(await listed()).toEqual([]);
  });

  test('access may be denied for a while', async () => {
    const { clock, waf, create } = setUp();
    waf.faults.during(30_000, 'CreateAPIKey', accessDenied('wafv2:CreateAPIKey'));
    clock.advance(29_999);
    await expect(create()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    clock.advance(1);
    await create();
  });

  test('an answer may be slow', async () => {
    const { clock, waf, create } = setUp();
    waf.faults.next('CreateAPIKey', slow(3000));
    const creation = create();
    await until(() => clock.sleeping > 0);
    expect(waf.keys()).toEqual([]);
    clock.advance(3000);
    await expect(creation).resolves.toMatch(/_1$/);
  });

  test('a rule decides by the call and can be taken back', async () => {
    const { waf, create, list } = setUp();
    const takeBack = waf.faults.when(({ region }) => (region === 'us-east-1' ? throttled() : undefined));
    await create();
    await expect(list({}, 'us-east-1')).rejects.toThrow('Rate exceeded');
    takeBack();
    await list({}, 'us-east-1');
  });

  test('every call is logged with its outcome and its effect', async () => {
    const { waf, create, list, remove } = setUp();
    waf.faults.next('CreateAPIKey', failed(500, 'WAFInternalErrorException', 'after'));
    waf.faults.next('ListAPIKeys', cut('before'));
    await expect(create()).rejects.toThrow();
    await expect(list()).rejects.toThrow();
    await expect(remove('unknown')).rejects.toThrow();
    await create();
    expect(waf.calls.map(({ operation, outcome, effect }) => [operation, outcome, effect])).toEqual([
      ['CreateAPIKey', 'WAFInternalErrorException', true],
      ['ListAPIKeys', 'cut', false],
      ['DeleteAPIKey', 'WAFNonexistentItemException', false],
      ['CreateAPIKey', 'ok', true],
    ]);
  });
});
