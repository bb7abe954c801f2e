import { failed } from '../../../local-aws/faults';
import { Account, idOf, type Response } from '../environment';
import { deleteEvent, properties, signedUrl, updateEvent } from '../event';

const DOMAINS = ['example.com'];
const rotated = (label: string, domains = DOMAINS) => ({ ...properties(domains), Rotation: label });

/** A stack that is settled with a key of its own for `DOMAINS`. */
async function settledStack(more = '') {
  const account = new Account();
  // what an old stack has seen
  for (let old = 0; old < 150; old += 1) account.stack.event('UPDATE_COMPLETE', 'table', 'Table');
  const key = account.waf.createForeignKey('eu-west-1', 'REGIONAL', DOMAINS).apiKey;
  const id = idOf(key, more);
  account.stack.stack('CREATE_IN_PROGRESS').resource('CREATE_COMPLETE', id).stack('CREATE_COMPLETE');
  await account.wait(3_600_000);
  account.stack.stack('UPDATE_IN_PROGRESS');
  return { account, key, id };
}

type World = Awaited<ReturnType<typeof settledStack>>;

/** Sends an Update as CloudFormation does, and writes down what it responds. */
async function update(
  { account }: World,
  id: string,
  wanted: Record<string, unknown>,
  { signedLater = 0, environment = account.environment(), eventId = id as string | undefined } = {},
): Promise<Response> {
  account.stack.resource('UPDATE_IN_PROGRESS', eventId);
  await account.wait(signedLater);
  const event = updateEvent(id, wanted, properties(), { ResponseURL: signedUrl(account.clock.now()) });
  account.onResponse = response => {
    if (response?.Status === 'SUCCESS')
      account.stack.resource('UPDATE_COMPLETE', response.PhysicalResourceId);
    else account.stack.resource('UPDATE_FAILED', response?.PhysicalResourceId);
  };
  return environment.invoke(event);
}

describe('an update that replaces the key', () => {
  test('reads the events back no further than the last settled state, and waits for nothing', async () => {
    const world = await settledStack();
    const { account, id } = world;
    const startedAt = account.clock.now();
    const changed = await update(world, id, rotated('2'));
    expect(changed.Status).toBe('SUCCESS');
    expect(account.stack.reads.filter(read => read === 'DescribeStackEvents')).toHaveLength(1);
    // the look after the response
    expect(account.clock.now() - startedAt).toBe(4000);
  });

  test('names the previous key in the new id with KeepPreviousKey', async () => {
    const world = await settledStack();
    const { id, key } = world;
    const changed = await update(world, id, { ...rotated('2'), KeepPreviousKey: 'true' });
    const { APIKey: newKey = '' } = changed.Data ?? {};
    const previous = idOf(key).slice(-64);
    expect(changed.PhysicalResourceId).toBe(idOf(newKey, `/rotation-d4735e3a265e16ee/after-r-${previous}`));
  });

  test('does not quote an existing key in a reason', async () => {
    const world = await settledStack();
    const { account, id } = world;
    const { apiKey } = account.waf.createForeignKey('us-east-1', 'CLOUDFRONT', DOMAINS);
    const fault = failed(400, 'WAFInvalidParameterException', 'before', `not a key: ${apiKey}`);
    account.waf.faults.next('ListAPIKeys', fault);
    const response = await update(world, id, { ...properties(), ExistingApiKey: apiKey });
    expect(response.Reason).toContain('WAFInvalidParameterException: not a key: [API key]');
    expect(response.Reason).not.toContain(apiKey.slice(0, 20));
  });
});

describe('a rollback', () => {
  test.each([0, 3_000, 60_000])(
    'brings back the very key when its request is signed %i ms after its event',
    async signedLater => {
      const world = await settledStack();
      const { account, key, id } = world;
      const changed = await update(world, id, rotated('2'));
      expect(changed.PhysicalResourceId).not.toBe(id);
      account.stack.stack('UPDATE_ROLLBACK_IN_PROGRESS');

      const back = await update(world, changed.PhysicalResourceId, properties(), { signedLater });

      expect(back).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id, Data: { APIKey: key } });
    },
  );

  test.each([undefined, 'new id', 'old id'])('understands events of the update with %s', async shown => {
    const world = await settledStack();
    const { account, key, id } = world;
    const changed = await update(world, id, rotated('2'), { eventId: shown === undefined ? undefined : id });
    account.stack.stack('UPDATE_ROLLBACK_IN_PROGRESS');
    const eventId = shown === undefined ? undefined : changed.PhysicalResourceId;
    const back = await update(world, changed.PhysicalResourceId, properties(), { eventId });
    expect(back.Data?.APIKey).toBe(key);
    expect(back.PhysicalResourceId).toBe(id);
  });

  test.each([undefined, 'text', '{"TokenDomains":["z', '{"TokenDomains":["other.example"]}'])(
    'does not depend on the properties that events show: %s',
    async shown => {
      const world = await settledStack();
      const { account, id } = world;
      account.stack.properties = shown;
      const changed = await update(world, id, rotated('2'));
      account.stack.stack('UPDATE_ROLLBACK_IN_PROGRESS');
      const back = await update(world, changed.PhysicalResourceId, properties());
      expect(back.PhysicalResourceId).toBe(id);
    },
  );

  test('does not make the stack own a key that it only used, if the record may not be read', async () => {
    const world = await settledStack();
    const { account, id, key } = world;
    const other = account.waf.createForeignKey('eu-west-1', 'REGIONAL', DOMAINS).apiKey;
    const used = await update(world, id, { ...properties(), ExistingApiKey: other });
    expect(used.PhysicalResourceId).toBe(idOf(other, '/imported'));
    account.stack.stack('UPDATE_ROLLBACK_IN_PROGRESS');
    account.stack.onRead = () => {
      throw Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    };
    const back = await update(world, used.PhysicalResourceId, properties());
    expect(back).toMatchObject({ Status: 'FAILED', PhysicalResourceId: used.PhysicalResourceId });
    expect(back.Reason).toContain('cloudformation:DescribeStackEvents');
    expect(account.keys()).toEqual([key, other]);
  });

  test('waits for a record that is late by up to a minute', async () => {
    const world = await settledStack();
    const { account, id } = world;
    const changed = await update(world, id, rotated('2'));
    account.stack.stack('UPDATE_ROLLBACK_IN_PROGRESS');
    account.stack.lag = 59_000;
    const back = await update(world, changed.PhysicalResourceId, properties());
    expect(back.PhysicalResourceId).toBe(id);
  });

  test('fails rather than creating a third key while the record cannot be read', async () => {
    const world = await settledStack();
    const { account, id } = world;
    const changed = await update(world, id, rotated('2'));
    account.stack.stack('UPDATE_ROLLBACK_IN_PROGRESS');
    account.stack.onRead = () => {
      throw Object.assign(new Error('Rate exceeded'), {
        name: 'Throttling',
        $metadata: { httpStatusCode: 400 },
      });
    };
    const before = account.keys();
    const back = await update(world, changed.PhysicalResourceId, properties());
    expect(back.Status).toBe('FAILED');
    expect(back.Reason).toMatch(/DescribeStacks: Throttling: Rate exceeded, after \d+ attempts/);
    expect(back.PhysicalResourceId).toBe(changed.PhysicalResourceId);
    expect(account.keys()).toEqual(before);
  });

  test('ends on a new key if the record may not be read', async () => {
    const world = await settledStack();
    const { account, id, key } = world;
    const changed = await update(world, id, rotated('2'));
    account.stack.stack('UPDATE_ROLLBACK_IN_PROGRESS');
    account.stack.onRead = () => {
      throw Object.assign(new Error('not authorized'), {
        name: 'AccessDenied',
        $metadata: { httpStatusCode: 403 },
      });
    };
    const back = await update(world, changed.PhysicalResourceId, properties());
    expect(back.Status).toBe('SUCCESS');
    expect(back.Data?.APIKey).not.toBe(key);
  });
});

describe('without a rollback', () => {
  test('a refused rotation that is taken back in place keeps the key', async () => {
    const world = await settledStack(`/rotation-${'6b86b273ff34fce1'}`);
    const { account, id, key } = world;
    const refused = await update(world, id, rotated('2', ['co.uk']));
    expect(refused).toMatchObject({ Status: 'FAILED', PhysicalResourceId: id });
    const reads = account.stack.reads.length;
    const back = await update(world, id, rotated('1'));
    expect(back).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id, Data: { APIKey: key } });
    expect(account.stack.reads).toHaveLength(reads);
  });

  test('a rotation that failed with refused domains is not lost when the domains are taken back', async () => {
    const world = await settledStack();
    const { account, id, key } = world;
    await update(world, id, rotated('2', ['co.uk']));
    account.stack.stack('UPDATE_ROLLBACK_IN_PROGRESS');
    await update(world, id, properties());
    account.stack.stack('UPDATE_ROLLBACK_COMPLETE');
    await account.wait(365 * 24 * 3_600_000);
    account.stack.stack('UPDATE_IN_PROGRESS');
    const rotatedAt = await update(world, id, rotated('2'));
    expect(rotatedAt.Status).toBe('SUCCESS');
    expect(rotatedAt.Data?.APIKey).not.toBe(key);
  });

  test('the old template restores the previous key under a new id, and the clean-up leaves it', async () => {
    const world = await settledStack();
    const { account, id, key } = world;
    const changed = await update(world, id, rotated('2'));
    account.stack.stack('UPDATE_FAILED').stack('UPDATE_IN_PROGRESS');
    const back = await update(world, changed.PhysicalResourceId, properties());
    expect(back.Data?.APIKey).toBe(key);
    expect(back.PhysicalResourceId).toMatch(new RegExp(`^${id}/returned-[0-9a-f]{16}$`));

    account.stack.stack('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    for (const old of [id, changed.PhysicalResourceId]) {
      account.onResponse = () => undefined;
      account.stack.event('DELETE_IN_PROGRESS', old);
      const event = deleteEvent(old, properties(), { ResponseURL: signedUrl(account.clock.now()) });
      expect(await account.environment().invoke(event)).toMatchObject({ Status: 'SUCCESS' });
    }
    expect(account.keys()).toEqual([key]);
  });
});

test('a reorder changes nothing and asks for no record', async () => {
  const account = new Account({ lastMarker: 'dangling' });
  const { apiKey } = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['b.example', 'A.example']);
  const id = idOf(apiKey);
  const response = await account
    .environment()
    .invoke(updateEvent(id, properties(['a.example', 'b.example']), properties()));
  expect(response).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id, Data: { APIKey: apiKey } });
  expect(account.stack.reads).toEqual([]);
});

test('a key that a lagging list hides for 20 s is not replaced', async () => {
  const account = new Account({ listLagMs: 20_000 });
  const { apiKey } = account.waf.createForeignKey('eu-west-1', 'REGIONAL', DOMAINS);
  const id = idOf(apiKey);
  const response = await account.environment().invoke(updateEvent(id, properties(), properties()));
  expect(response).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id });
});
