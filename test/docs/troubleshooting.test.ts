import { codeSpans, firstColumn, read } from './markdown';
import { messagesIn, messagesOf, saying } from './messages';

/** Texts that nobody meets by themselves. */
const NO_MESSAGES = [
  'Manages AWS WAF CAPTCHA API keys for this stack', // the function's description
  '1 attempt', // the end of a message about a failed call
  'The API key actions of AWS WAF have no resource type, so IAM takes no other resource for them; the policy narrows ' +
    'them by aws:RequestedRegion. Nor have those for tracing, and those for the network interfaces of a VPC cannot ' +
    'name interfaces that do not exist yet.', // for cdk-nag
  'The AWS CDK adds the permissions for a dead-letter queue or a destination to the role as a policy of the stack.', // for cdk-nag
  'The function deletes keys as long as the stack has any. A managed policy could be detached or deleted before ' +
    'that, so its permissions are part of the role, or of a policy on which every key depends.', // for cdk-nag
  '…: expected a CfnResource, got none', // for the compiler: a function has one
  // what a plan or a need is called
  'later reading',
  'leave the new key',
  'delete the new key',
  'read events',
  // parts of messages
  '… attempts',
  '… key in …',
  'CreateAPIKey in …',
  'DeleteAPIKey in …',
  'ListAPIKeys in …',
  '…: no response yet',
  'nothing was tried yet',
  'expected a record that shows why this request was made, got none yet',
  'the construct …',
  'a function',
  'an object',
  'the key is only used here',
  'the stack is in …: this Delete is late or repeated',
  'a ResponseURL',
  '[API key]',
];

/** Texts that the page module puts into its messages. */
const PARTS_OF_MESSAGES = [
  '(connect-src, script-src and script-src-elem need it).',
  'and no',
  'the config of createCaptcha',
];

const messages = [...new Set([...messagesIn('lib'), ...messagesIn('lambda')])];
const document = read('docs/troubleshooting.md');
const texts = codeSpans(document);

describe('docs/troubleshooting.md', () => {
  test('lists every message of the library', () => {
    const missing = messages.filter(message => !texts.some(saying(message)));
    expect(missing.filter(message => !NO_MESSAGES.includes(message))).toEqual([]);
  });

  test('lists no message that the library does not have', () => {
    const columns = ['Message', 'Log entry', 'What is wrong with a name'];
    const listed = columns.flatMap(title => firstColumn(document, title)).flatMap(codeSpans);
    const ids = texts.filter(text => text.startsWith('cdk-waf-captcha-api-key:'));
    const unknown = [...listed, ...ids].filter(text => !messages.some(message => saying(message)(text)));
    expect(unknown).toEqual([]);
  });

  test('has a separate row for each message', () => {
    const lines = ['Message', 'Log entry'].flatMap(title => firstColumn(document, title));
    expect(lines.filter(line => codeSpans(line).length !== 1)).toEqual([]);
  });

  const page = messagesOf(read('examples/captcha-site/page/captcha.ts')).map(message => message.trim());
  const onThePage = firstColumn(document, 'Console').flatMap(codeSpans);

  test('lists every message of the page module', () => {
    const missing = page.filter(message => !onThePage.some(saying(message)));
    expect(missing.sort()).toEqual([...PARTS_OF_MESSAGES].sort());
  });

  test('lists no message that it does not have', () => {
    expect(onThePage.filter(line => !page.some(message => saying(message)(line)))).toEqual([]);
  });
});

test.each([
  ['docs/troubleshooting.md', /`publicSuffix` is about\s.*?\n\n/s],
  ['docs/page.md', /Suffixes in the private\s.*?\n\n/s],
])('%s says of private suffixes what AWS documents', (name, passage) => {
  const [said = ''] = passage.exec(read(name)) ?? [];
  expect(said.replace(/\s+/g, ' ')).toMatch(
    /not usable.* \("Specifying token domains and domain lists in AWS WAF"\).* does not say whether it refuses/,
  );
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

  test('contain no names of modules, types and properties', () => {
    expect(messagesOf(`import { a } from './b'; const c: 'D' = a['e-f'] + \`\${g}/h\`;`)).toEqual([]);
  });
});
