import { jsonLog, withoutKeys } from '../../lambda/log';

test('cuts an API key out of a message', () => {
  const key = `${'aB3+/'.repeat(136)}QUE=_0_1`;
  expect(withoutKeys(`no key ${key} here`)).toBe('no key [API key] here');
});

test('leaves ids and ARNs readable', () => {
  const text = `WafCaptchaApiKey/REGIONAL/eu-west-1/${'0f'.repeat(32)} arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/5b8d0e10`;
  expect(withoutKeys(text)).toBe(text);
});

test('writes one line of JSON for each entry, without keys', () => {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);

  jsonLog('made a key', { id: 'WafCaptchaApiKey/x', error: `no ${'k'.repeat(688)}` });
  jsonLog('done');

  const lines = write.mock.calls.map(([line]) => line);
  write.mockRestore();
  expect(lines).toEqual([
    '{"message":"made a key","id":"WafCaptchaApiKey/x","error":"no [API key]"}\n',
    '{"message":"done"}\n',
  ]);
});
