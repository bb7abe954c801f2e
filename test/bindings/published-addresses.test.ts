import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPublishedAddresses } from './published-addresses';

const PLAIN = 'https://example.com/library';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'published-addresses-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes what jsii generates for Java and .NET, with the same addresses in both. */
async function generate(page: string, repository: string): Promise<void> {
  const [java, dotnet] = [join(folder, 'java'), join(folder, 'dotnet', 'Library')];
  await Promise.all([java, dotnet].map(each => mkdir(each, { recursive: true })));
  await writeFile(join(java, 'pom.xml'), `<url>${page}</url><scm><url>${repository}</url></scm>`);
  await writeFile(
    join(dotnet, 'Library.csproj'),
    `<ProjectUrl>${page}</ProjectUrl><RepositoryUrl>${repository}</RepositoryUrl>`,
  );
}

test('plain https addresses pass', async () => {
  await generate(PLAIN, `${PLAIN}.git`);

  await expect(checkPublishedAddresses(folder)).resolves.toBeUndefined();
});

test.each([
  ['git+https', `git+${PLAIN}.git`],
  ['http', 'http://example.com/library'],
  ['nothing', ''],
])('%s fails in each of the four places', async (_, address) => {
  await generate(address, address);

  await expect(checkPublishedAddresses(folder)).rejects.toThrow(
    `expected addresses that begin with https://, got pom.xml url: ${address}; pom.xml scm url: ${address}; ` +
      `csproj ProjectUrl: ${address}; csproj RepositoryUrl: ${address}`,
  );
});

test('an address that is missing fails', async () => {
  await generate(PLAIN, PLAIN);
  await writeFile(join(folder, 'java', 'pom.xml'), `<url>${PLAIN}</url>`);

  await expect(checkPublishedAddresses(folder)).rejects.toThrow('got pom.xml scm url: ');
});
