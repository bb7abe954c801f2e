import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { unzipSync } from 'fflate';

/** Unzipped function code, each deployment in a folder of its own below `root`. */
export class CodeFolders {
  constructor(private readonly root: string) {}

  /** Resolves to the folder with the archive's content. */
  async unzip(archive: Uint8Array): Promise<string> {
    await mkdir(this.root, { recursive: true });
    const folder = await mkdtemp(join(this.root, 'code-'));
    for (const [name, content] of Object.entries(unzipSync(archive))) {
      const file = join(folder, name);
      if (relative(folder, file).startsWith('..')) {
        throw new Error(`expected a path inside the archive, got ${name}`);
      }
      if (name.endsWith('/')) continue;
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    return folder;
  }
}
