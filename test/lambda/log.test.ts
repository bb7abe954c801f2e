import { withoutKeys } from '../../lambda/log';

test('cuts an API key out of a message', () => {
  const key = `${'aB3+/'.repeat(136)}QUE=_0_1`;
  expect(withoutKeys(`no key ${key} here`)).toBe('no key [API key] here');
});

test('leaves ids and ARNs readable', () => {
  const text = `WafCaptchaApiKey/REGIONAL/eu-west-1/${'0f'.repeat(32)} arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/5b8d0e10`;
  expect(withoutKeys(text)).toBe(text);
});
