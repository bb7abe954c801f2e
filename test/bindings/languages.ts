import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandOptions, run, succeeds } from './command';
import type { Versions } from './packages';

/** A language with an app of its own in the folder of its name, beside `generated/`. */
export interface Language {
  readonly name: string;
  /** What is not installed of the tools that it takes. */
  missingTool(options: CommandOptions): Promise<string | undefined>;
  /** Tests the binding's errors, and lets the app write its templates to where `CDK_OUTDIR` says. */
  synthesize(versions: Versions, options: CommandOptions): Promise<void>;
}

/** Copies the language's sources into the folder that the command runs in, and runs it all there. */
export async function synthesize(
  language: Language,
  versions: Versions,
  options: CommandOptions,
): Promise<string> {
  const project = join(options.cwd, language.name);
  const outdir = join(project, 'cdk.out');
  if (language !== typescript) {
    await cp(join(__dirname, language.name), project, { recursive: true });
  }
  const environment = { ...options.environment, CDK_OUTDIR: outdir };
  await language.synthesize(versions, { ...options, cwd: project, environment });
  return outdir;
}

/** The one that the others are held against. */
export const typescript: Language = {
  name: 'typescript',
  missingTool: async () => undefined,
  async synthesize(_, options) {
    await run(process.execPath, [require.resolve('tsx/cli'), 'app.ts'], options);
  },
};

const python: Language = {
  name: 'python',
  async missingTool(options) {
    const check = 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))';
    return (await succeeds('python3', ['-c', check], options)) ? undefined : 'Python 3.10 or later with venv';
  },
  async synthesize(versions, options) {
    const interpreter = join(options.cwd, 'venv', 'bin', 'python');
    const wheel = `wheel/cdk_waf_captcha_api_key-${versions.library}-py3-none-any.whl`;
    const packages = [
      wheel,
      `aws-cdk-lib==${versions.cdk}`,
      `constructs==${versions.constructs}`,
      `jsii==${versions.jsii}`,
    ];
    await run('python3', ['-m', 'venv', 'venv'], options);
    await run(
      interpreter,
      ['-m', 'pip', 'wheel', '--no-deps', '--wheel-dir', 'wheel', '../generated/python'],
      options,
    );
    await run(
      interpreter,
      ['-m', 'pip', 'install', '--requirement', 'requirements.txt', ...packages],
      options,
    );
    await run(interpreter, ['-m', 'twine', 'check', '--strict', wheel], options);
    await run(interpreter, ['-m', 'pytest'], options);
    await run(interpreter, ['app.py'], options);
  },
};

const java: Language = {
  name: 'java',
  async missingTool(options) {
    if (!(await succeeds('javac', ['-version'], options))) return 'a Java development kit';
    return (await succeeds('mvn', ['--version'], options)) ? undefined : 'Maven';
  },
  async synthesize(versions, options) {
    const properties = {
      'library.version': versions.library,
      'aws-cdk-lib.version': versions.cdk,
      'constructs.version': versions.constructs,
      'jsii.version': versions.jsii,
    };
    const definitions = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
    // the app's build runs it in the phase `test`, after its tests
    await run('mvn', ['--batch-mode', '--no-transfer-progress', 'test', ...definitions], options);
  },
};

const go: Language = {
  name: 'go',
  async missingTool(options) {
    return (await succeeds('go', ['version'], options)) ? undefined : 'Go';
  },
  async synthesize(_, options) {
    // takes the versions that the generated module requires
    await run('go', ['mod', 'tidy'], options);
    await run('go', ['test', './...'], options);
    await run('go', ['run', '.'], options);
  },
};

export const LANGUAGES: readonly Language[] = [python, java, go];
