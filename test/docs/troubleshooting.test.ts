import { codeSpans, firstColumn, read, section } from './markdown';
import { messagesIn, messagesOf, saying } from './messages';

/** Texts that nobody meets by themselves. */
const NO_MESSAGES = [
  'Manages AWS WAF CAPTCHA API keys for this stack', // the function's description
  '1 attempt', // the end of a message about a failed call
  'The API key actions of AWS WAF have no resource type, so IAM takes no other resource for them. ' +
    'The policy narrows them by aws:RequestedRegion.', // for cdk-nag
  'The function deletes keys as long as the stack has any. A managed policy could be detached or deleted before ' +
    'that, so its permissions are part of the role, or of a policy on which every key depends.', // for cdk-nag
  '…: expected a CfnResource, got none', // for the compiler: a function has one
];

const messages = [...messagesIn('lib'), ...messagesIn('lambda')];
const troubleshooting = section(read('README.md'), 'Troubleshooting');

describe('the Troubleshooting of the README', () => {
  test('lists every message of the library', () => {
    const listed = codeSpans(troubleshooting);
    const missing = messages.filter(message => !listed.some(saying(message)));
    expect(missing.sort()).toEqual([...NO_MESSAGES].sort());
  });

  test('lists none that the library does not have', () => {
    const columns = ['Message', 'What is wrong with a name'];
    const listed = columns.flatMap(title => firstColumn(troubleshooting, title)).flatMap(codeSpans);
    const ids = codeSpans(troubleshooting).filter(text => text.startsWith('cdk-waf-captcha-api-key:'));
    const unknown = [...listed, ...ids].filter(text => !messages.some(message => saying(message)(text)));
    expect(unknown).toEqual([]);
  });

  test('gives a line of its own to each message', () => {
    const lines = firstColumn(troubleshooting, 'Message');
    expect(lines.filter(line => codeSpans(line).length !== 1)).toEqual([]);
  });
});

describe('the messages of a source', () => {
  test.each([
    ['an error', "throw new Refusal('not wanted any more');", ['not wanted any more']],
    [
      'what an error fills in',
      `new Error(\`scope: expected \${a}, got \${b}\`)`,
      ['scope: expected …, got …'],
    ],
    ['a text in parts', `(a + ' is no ' + \`\${b.join('; ')} at \` + (c + 'all'))`, ['… is no … at …all']],
    ['a text within a text', `\`\${a.map(b => \`not so \${b}\`)}: given\``, ['…: given', 'not so …']],
    ['a text that becomes one elsewhere', "const problem = 'it is blank';", ['it is blank']],
    ['an entry of one word', "this.options.log('failed', { id });", ['failed']],
    ['either of two entries', "log(a ? 'deleted' : 'gone', { id: 'key' });", ['deleted', 'gone']],
    [
      'a warning and its id',
      `this.warn(\`ip\`, \`\${d} is an address\`);`,
      ['… is an address', 'cdk-waf-captcha-api-key:ip'],
    ],
  ])('hold %s', (_, source, expected) => {
    expect(messagesOf(source)).toEqual(expected);
  });

  test('hold no names of modules, types and properties', () => {
    expect(messagesOf(`import { a } from './b'; const c: 'D' = a['e-f'] + \`\${g}/h\`;`)).toEqual([]);
  });
});
