import { type Rest, replay } from './replay/replay';
import { RECORDINGS, readRecording, type StoredRecording } from './replay/stored-recording';

jest.setTimeout(60_000);

test('there are recordings', () => {
  expect(RECORDINGS).not.toEqual([]);
});

test.each(RECORDINGS)('%s names no account, no run, no key and no address', name => {
  const text = JSON.stringify(readRecording(name));
  expect(new Set(text.match(/(?<=:)\d{12}(?=:)/g))).toEqual(new Set(['111122223333']));
  expect(text).not.toMatch(/captcha-key-conformance-[0-9a-f]{8}/i);
  expect(text).not.toMatch(/[A-Za-z0-9+/=]{200}/);
  const hosts = [...text.matchAll(/https?:\/\/([^/"\\]+)/g)].map(([, host]) => host);
  expect(hosts.filter(host => !/^[a-z]+\.example$/.test(host ?? ''))).toEqual([]);
});

// each was made of an engine: the handler gets what CloudFormation sent there, and reads what could be read there
describe.each(RECORDINGS)('%s', name => {
  const recording = readRecording(name);
  let rests: Rest[] = [];

  beforeAll(async () => {
    rests = await replay(recording);
  });

  test('live: every request gets a response, and succeeds', () => {
    const responses = rests.flatMap(({ requests }) => requests.map(({ status, reason }) => reason ?? status));
    expect(responses).toEqual(responses.map(() => 'SUCCESS'));
    const twins = rests.flatMap(({ requests }) => requests.map(one => one.observation.event.RequestId));
    expect(new Set(twins).size).toBe(responses.length);
    expect(responses.length).toBeGreaterThan(0);
  });

  // otherwise what follows in the recording would never have come to the handler
  test('the handler gives another id where the twin did, and nowhere else', () => {
    for (const { observation, id, givenId } of rests.flatMap(({ requests }) => requests)) {
      const { event, response } = observation;
      if (event.RequestType !== 'Update') continue;
      expect(id !== givenId).toBe(response.PhysicalResourceId !== event.PhysicalResourceId);
    }
  });

  test('continuous: every key that an id in the record names exists, and ids name the previous keys', () => {
    const previous = previousKeys(rests);
    rests.forEach(({ ids, liveKeys }, index) => {
      const named = keysIn(ids);
      expect(named).toEqual(expect.arrayContaining(previous[index] ?? []));
      expect(liveKeys).toEqual(expect.arrayContaining(named));
    });
  });

  test('restored: a rollback ends on the very keys', () => {
    rests.forEach(({ stackStatus, ids }, index) => {
      if (stackStatus !== 'UPDATE_ROLLBACK_COMPLETE') return;
      const settled = rests
        .slice(0, index)
        .filter(before => before.stackStatus !== 'UPDATE_FAILED')
        .at(-1);
      expect(keysIn(ids)).toEqual(keysIn(settled?.ids ?? {}));
    });
  });

  test('clean: no other key is left', () => {
    const left = [...retainedKeys(recording, rests), ...keysDeletedTooEarly(recording, rests)];
    rests.forEach(({ stackStatus, ids, liveKeys, foreignKeys }) => {
      if (stackStatus === 'UPDATE_FAILED') return;
      const named = [...keysIn(ids), ...foreignKeys, ...left];
      expect(liveKeys.filter(key => !named.includes(key))).toEqual([]);
    });
  });

  test('safe: a key that is only used stays', () => {
    for (const { liveKeys, foreignKeys, requests } of rests) {
      const properties = requests.at(-1)?.observation.event.ResourceProperties;
      if (properties?.ExistingApiKey !== undefined)
        expect(liveKeys).toEqual(expect.arrayContaining([...foreignKeys]));
    }
  });
});

/** The keys that `keepPreviousKey` keeps at each rest, by what was asked for and not by what the ids say. */
function previousKeys(rests: readonly Rest[]): string[][] {
  let settled = new Map<string, { readonly key: string; readonly previous?: string }>();
  return rests.map(({ stackStatus, ids, requests, foreignKeys }) => {
    if (stackStatus === 'UPDATE_FAILED') return [];
    const keepsPrevious = (logicalId: string) => {
      const events = requests.map(({ observation: { event } }) => event);
      const own = events.filter(event => event.LogicalResourceId === logicalId);
      return (
        own.findLast(event => event.RequestType === 'Update')?.ResourceProperties.KeepPreviousKey === 'true'
      );
    };
    const entries = Object.entries(ids).map(([logicalId, id]) => {
      const before = settled.get(logicalId);
      const key = keyOf(id);
      if (!before || before.key === key) return [logicalId, { ...before, key }] as const;
      const isKept = keepsPrevious(logicalId) && !foreignKeys.includes(before.key);
      return [logicalId, { key, previous: isKept ? before.key : undefined }] as const;
    });
    settled = new Map(entries);
    return [...settled.values()].flatMap(({ previous }) => previous ?? []);
  });
}

/** Those of copies whose deletion CloudFormation skips, as RETAIN asks. */
function retainedKeys({ events }: StoredRecording, rests: readonly Rest[]): string[] {
  const skipped = events
    .filter(({ event }) => event.ResourceStatus === 'DELETE_SKIPPED')
    .map(({ event }) => event.PhysicalResourceId);
  return rests
    .flatMap(({ requests }) => requests)
    .filter(({ observation: { response } }) => skipped.includes(response.PhysicalResourceId))
    .flatMap(({ id = '' }) => hashesIn(id));
}

/** Those of former copies that an engine deletes before the clean-up, as AWS never does: they are left and logged. */
function keysDeletedTooEarly({ stackId, events }: StoredRecording, rests: readonly Rest[]): string[] {
  const own = events.filter(({ event }) => event.PhysicalResourceId === stackId);
  const statusAt = (at: number) =>
    own.filter(({ event }) => Date.parse(event.Timestamp ?? '') <= at).at(-1)?.event.ResourceStatus;
  const requests = rests.flatMap(rest => rest.requests);
  return requests.flatMap(({ observation: { event, receivedAt }, givenId }) =>
    event.RequestType === 'Delete' && statusAt(receivedAt) === 'UPDATE_IN_PROGRESS' && givenId
      ? hashesIn(givenId)
      : [],
  );
}

/** The hashes of all keys that ids name, previous ones too. */
function keysIn(ids: Readonly<Record<string, string>>): string[] {
  return Object.values(ids).flatMap(hashesIn).sort();
}

/** The hash of the key that an id stands for: its first. */
function keyOf(id: string): string {
  return hashesIn(id)[0] ?? '';
}

function hashesIn(id: string): string[] {
  const hashes = id.match(/[0-9a-f]{64}/g);
  if (!hashes) throw new Error(`expected an id of a key, got ${id}`);
  return hashes;
}
