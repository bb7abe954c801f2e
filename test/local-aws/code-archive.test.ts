import { zipSync } from 'fflate';
import { unzipped } from '../../local-aws/code-archive';

const archive = zipSync({ 'a.js': new Uint8Array(600), 'b.js': new Uint8Array(400) });

test('an archive may have as many bytes unzipped as Lambda takes', () => {
  expect(Object.values(unzipped(archive, 1000)).map(({ length }) => length)).toEqual([600, 400]);
});

test('a larger one is refused before its files are unzipped', () => {
  expect(() => unzipped(archive, 999)).toThrow('expected code of at most 999 bytes unzipped, got more');
});

test('no more is unzipped than the archive declares', () => {
  const lying = Uint8Array.from(zipSync({ 'a.js': new Uint8Array(600) }));
  // the size in the central directory, 24 bytes after its signature
  const entry = Buffer.from(lying.buffer).indexOf(Buffer.from('PK\x01\x02', 'latin1'));
  new DataView(lying.buffer).setUint32(entry + 24, 10, true);
  let bytes = 0;
  try {
    bytes = unzipped(lying)['a.js']?.length ?? 0;
  } catch {
    // a broken archive may also be refused
  }
  expect(bytes).toBeLessThanOrEqual(10);
});
