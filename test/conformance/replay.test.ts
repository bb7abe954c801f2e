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

  test('continuous: the key of every id in the record exists', () => {
    for (const { ids, liveKeys } of rests) {
      expect(liveKeys).toEqual(expect.arrayContaining(Object.values(ids).map(keyOf)));
    }
  });

  test('restored: a rollback ends on the very keys', () => {
    rests.forEach(({ stackStatus, ids }, index) => {
      if (stackStatus !== 'UPDATE_ROLLBACK_COMPLETE') return;
      const settled = rests
        .slice(0, index)
        .filter(before => before.stackStatus !== 'UPDATE_FAILED')
        .at(-1);
      expect(keysOf(ids)).toEqual(keysOf(settled?.ids ?? {}));
    });
  });

  test('clean: no other key is left', () => {
    if (keepsKeys(recording)) return;
    const early = keysDeletedTooEarly(recording, rests);
    rests.forEach(({ stackStatus, ids, liveKeys, foreignKeys }) => {
      if (stackStatus === 'UPDATE_FAILED') return;
      const named = [...keysOf(ids), ...foreignKeys, ...early];
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

/** Whether keys may stay that no id in the record names: those of RETAIN, and previous ones. */
function keepsKeys({ events, requests }: StoredRecording): boolean {
  return (
    events.some(({ event }) => event.ResourceStatus === 'DELETE_SKIPPED') ||
    requests.some(({ event }) => event.ResourceProperties?.KeepPreviousKey !== undefined)
  );
}

/** Those of former copies that an engine deletes before the clean-up, as AWS never does: they are left and logged. */
function keysDeletedTooEarly({ stackId, events }: StoredRecording, rests: readonly Rest[]): string[] {
  const own = events.filter(({ event }) => event.PhysicalResourceId === stackId);
  const statusAt = (at: number) =>
    own.filter(({ event }) => Date.parse(event.Timestamp ?? '') <= at).at(-1)?.event.ResourceStatus;
  const requests = rests.flatMap(rest => rest.requests);
  return requests.flatMap(({ observation: { event, receivedAt }, givenId }) =>
    event.RequestType === 'Delete' && statusAt(receivedAt) === 'UPDATE_IN_PROGRESS' && givenId
      ? [keyOf(givenId)]
      : [],
  );
}

function keysOf(ids: Readonly<Record<string, string>>): string[] {
  return Object.values(ids).map(keyOf).sort();
}

/** The hash of the key that an id names: its first. */
function keyOf(id: string): string {
  return /[0-9a-f]{64}/.exec(id)?.[0] ?? `no key in ${id}`;
}
