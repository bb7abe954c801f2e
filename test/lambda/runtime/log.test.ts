import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { jsonLog, SeenKeys } from '../../../lambda/runtime/log';

const RUN = 20;

/** A key as WAF makes them: base64, then `_0_1`. */
const newKey = (bytes = 512) => `${randomBytes(bytes).toString('base64')}_0_1`;

function seenKeys(...keys: string[]): SeenKeys {
  const seen = new SeenKeys();
  for (const key of keys) seen.add(key);
  return seen;
}

/** Whether a text has a run of 20 characters of a key. */
function hasRun(text: string, key: string): boolean {
  for (let start = 0; start + RUN <= key.length; start += 1)
    if (text.includes(key.slice(start, start + RUN))) return true;
  return false;
}

/** Lines that `work` writes to the standard output. */
function written(work: () => void): string[] {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    work();
    return write.mock.calls.map(([line]) => String(line));
  } finally {
    write.mockRestore();
  }
}

describe('what is cut out of a text', () => {
  test('is a key, wherever it is', () => {
    const key = newKey();

    expect(seenKeys(key).cutFrom(`no key ${key} here`)).toBe('no key [API key] here');
    expect(seenKeys(key).cutFrom(key)).toBe('[API key]');
    expect(seenKeys(key).cutFrom(`${key}, ${key}`)).toBe('[API key], [API key]');
  });

  test.each([72, 20, 29, 688, 2048])('is each run of 20 characters of a key of %d', length => {
    const key = newKey(2048).slice(0, length);
    const seen = seenKeys(key);
    for (let start = 0; start + RUN <= length; start += 1) {
      const run = key.slice(start, start + RUN);
      expect(seen.cutFrom(`'${run}'`)).toBe("'[API key]'");
    }
  });

  test('is a run of any length from 20 on, and nothing around it', () => {
    const key = newKey().slice(0, 72);
    const seen = seenKeys(key);
    for (let length = RUN; length <= key.length; length += 1)
      for (let start = 0; start + length <= key.length; start += 1)
        expect(seen.cutFrom(`<${key.slice(start, start + length)}>`)).toBe('<[API key]>');
  });

  test('is not a run of 19 characters: ids and domains stay readable', () => {
    const key = newKey();
    const text = `starts with ${key.slice(0, RUN - 1)}, ends with ${key.slice(1 - RUN)}`;

    expect(seenKeys(key).cutFrom(text)).toBe(text);
  });

  test('is not a key that was never seen', () => {
    const id = `WafCaptchaApiKey/REGIONAL/eu-west-1/${'0f'.repeat(32)}`;
    const text = `${id} ${newKey()} arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/5b8d0e10`;

    expect(seenKeys(newKey()).cutFrom(text)).toBe(text);
    expect(seenKeys().cutFrom(text)).toBe(text);
  });

  test('is the runs of all keys, even where they overlap', () => {
    const [one, other] = [newKey(), newKey()];
    const shared = newKey().slice(0, 30);
    const seen = seenKeys(`${one}${shared}`, `${shared}${other}`);

    expect(seen.cutFrom(`a ${other} b ${one} c`)).toBe('a [API key] b [API key] c');
    expect(seen.cutFrom(`a ${one}${shared}${other} b`)).toBe('a [API key] b');
  });

  test('is a whole key that has a run of another one within it', () => {
    const other = newKey();
    const key = `${newKey()}${other.slice(40, 70)}${newKey()}`;

    expect(seenKeys(key, other).cutFrom(`<${key}>`)).toBe('<[API key]>');
    expect(seenKeys(other, key).cutFrom(`<${key}>`)).toBe('<[API key]>');
  });

  test('is both halves of a key that is broken in two', () => {
    const key = newKey();

    expect(seenKeys(key).cutFrom(`${key.slice(0, 300)}\n${key.slice(300)}`)).toBe('[API key]\n[API key]');
  });

  test('is a key that repeats itself, whole', () => {
    const key = `${'ab'.repeat(36)}`;

    expect(seenKeys(key).cutFrom(`<${key}>`)).toBe('<[API key]>');
  });

  test('leaves no run, whatever pieces of keys a text contains', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '"', '\\'), minLength: 20, maxLength: 80 });
    const slices = fc.array(fc.tuple(fc.nat(1), fc.nat(80), fc.nat(80), letters), { maxLength: 8 });
    fc.assert(
      fc.property(letters, letters, slices, (one, other, pieces) => {
        const text = pieces
          .map(([which, from, length, more]) => {
            return `${[one, other][which]?.slice(from, from + length)}${more.slice(0, 5)}`;
          })
          .join('');
        const left = seenKeys(one, other).cutFrom(text);
        expect(hasRun(left, one) || hasRun(left, other)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('takes no time: 2,000 keys of 688 characters, and a text of 4 KB', () => {
    const keys = Array.from({ length: 2000 }, () => newKey());
    const seen = seenKeys(...keys);
    const text = keys.slice(-7).join(' ').slice(0, 4096);
    // the processor's time, and the best of three: the machine may be busy
    const took = [1, 2, 3].map(() => {
      const before = process.cpuUsage();
      expect(seen.cutFrom(text)).toMatch(/^(\[API key\] ?)+$/);
      return process.cpuUsage(before).user / 1000;
    });

    expect(keys[0]).toHaveLength(688);
    expect(Math.min(...took)).toBeLessThan(600);
  });
});

describe('the log', () => {
  test('is one line of JSON for each entry', () => {
    const log = jsonLog(seenKeys());

    const lines = written(() => {
      log('created a key', { id: 'WafCaptchaApiKey/x', attempts: 2, found: true, none: undefined });
      log('two\nlines');
    });

    expect(lines).toEqual([
      '{"message":"created a key","id":"WafCaptchaApiKey/x","attempts":2,"found":true}\n',
      '{"message":"two\\nlines"}\n',
    ]);
  });

  test('has no keys, in the message or at any depth of the details', () => {
    const key = newKey();
    const log = jsonLog(seenKeys(key));

    const lines = written(() =>
      log(`no ${key}`, { error: key, more: { candidates: ['a', key.slice(5, 40)], text: `<${key}>` } }),
    );

    expect(lines.map(line => JSON.parse(line))).toEqual([
      {
        message: 'no [API key]',
        error: '[API key]',
        more: { candidates: ['a', '[API key]'], text: '<[API key]>' },
      },
    ]);
  });

  test('has no keys, even those seen after the log was created', () => {
    const seen = seenKeys();
    const log = jsonLog(seen);
    const key = newKey();
    seen.add(key);

    expect(written(() => log(key))).toEqual(['{"message":"[API key]"}\n']);
  });

  test.each(['"', '\\', '\n', '\u2028', 'é'])('has no keys that JSON writes in another way: with %j', odd => {
    const key = Array.from({ length: 72 }, (_, index) =>
      index % 7 === 3 ? odd : String.fromCharCode(97 + (index % 26)),
    ).join('');
    const log = jsonLog(seenKeys(key));

    const [line = ''] = written(() => log('failed', { error: `got ${key}, no` }));

    expect(JSON.parse(line)).toEqual({ message: 'failed', error: 'got [API key], no' });
  });
});
