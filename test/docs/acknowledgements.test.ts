import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runCdk } from '../../local-aws/cdk-cli';
import { childEnvironment, endpointSettings } from '../../local-aws/child-environment';
import { newCredentials } from '../../local-aws/credentials';
import { codeSpans, read, section, table } from './markdown';

jest.setTimeout(60_000);

const text = section(read('docs/provider.md'), 'Acknowledge a warning');
const [, printed = ''] = /prints `(.*?)`/.exec(text) ?? [];
const rows = table(text, 'Call').map(row => row.map(cell => codeSpans(cell)[0] ?? ''));
const [[, unprefixed = ''] = [], [validations = ''] = []] = rows;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acknowledgements-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('`cdk synth` prints the id of a warning as the page says, until one of its calls silences it', async () => {
  const calls = [...rows, [validations, unprefixed]].map(([call = '', id = '']) =>
    call.replace('{ id, reason }', `{ id: '${id}', reason: 'a host of ours' }`).replace('(id)', `('${id}')`),
  );
  const keys = ['', ...calls].map(
    (call, index) => `{ const key = keyIn(new Stack(app, 'Stack${index}')); ${call} }`,
  );
  const app = join(folder, 'app.ts');
  await writeFile(
    app,
    `import { Annotations, App, Stack, Validations } from '${resolve('node_modules', 'aws-cdk-lib')}';
     import { WafCaptchaApiKey, WafScope } from '${resolve('lib')}';
     const keyIn = (stack: Stack) =>
       new WafCaptchaApiKey(stack, 'Key', { scope: WafScope.REGIONAL, tokenDomains: ['intranet'] });
     const app = new App();
     ${keys.join('\n')}`,
  );
  const { user } = newCredentials();
  const settings = endpointSettings('http://127.0.0.1:1', 'eu-west-1', user, folder);
  const environment = childEnvironment(settings, folder);
  const args = ['synth', '--quiet', '--app', `${process.execPath} --import tsx ${app}`];
  const { output } = await runCdk(args, { environment, cwd: resolve('.') });

  expect(calls).toHaveLength(3);
  expect(output).toContain(`'${printed}'`);
  expect(output.match(/Stack\d\/Key/g)).toEqual(['Stack0/Key']);
});
