import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Fails where the files that become what registries show have an address that is not plain https, such as git+https:
 * registries pass on whatever they are given. PyPI takes http and https only; the wheel itself is read in Python.
 */
export async function checkPublishedAddresses(generated: string): Promise<void> {
  const [java] = await filesIn(join(generated, 'java'), /^pom\.xml$/);
  const [csproj] = await filesIn(join(generated, 'dotnet'), /\.csproj$/);
  const addresses = {
    'pom.xml url': elementIn(java, 'url'),
    'pom.xml scm url': elementIn(/<scm>[\s\S]*<\/scm>/.exec(java ?? '')?.[0], 'url'),
    'csproj ProjectUrl': elementIn(csproj, 'ProjectUrl'),
    'csproj RepositoryUrl': elementIn(csproj, 'RepositoryUrl'),
  };
  const wrong = Object.entries(addresses).filter(([, url]) => !url?.startsWith('https://'));
  if (wrong.length > 0) {
    throw new Error(
      `expected addresses that begin with https://, got ${wrong.map(each => each.join(': ')).join('; ')}`,
    );
  }
}

async function filesIn(folder: string, name: RegExp): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile() && name.test(entry.name));
  return Promise.all(files.map(({ parentPath, name: file }) => readFile(join(parentPath, file), 'utf8')));
}

function elementIn(xml: string | undefined, tag: string): string | undefined {
  return new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml ?? '')?.[1];
}
