import { cp, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';

/** One way to create a key from CloudFormation. */
export interface Rival {
  readonly name: string;
  /** path of the module, and the name of what it exports */
  readonly module: string;
  readonly handler: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** the properties that make it do what ours would do with these */
  readonly properties: (wanted: object) => object;
  /** the function that this one calls in its turn */
  readonly userFunction?: Rival;
  /** of all code that a Create loads */
  readonly size: Size;
  /** of all code that is deployed, where that is more */
  readonly assetSize?: Size;
}

/** Raw bytes, and bytes in a zip archive. */
export interface Size {
  readonly bytes: number;
  readonly zippedBytes: number;
}

export interface Rivals {
  readonly empty: Rival;
  readonly handSigned: Rival;
  readonly sdkParts: Rival;
  readonly ours: Rival;
  readonly awsCustomResource: Rival;
  readonly providerFramework: Rival;
}

const LIBRARY = dirname(require.resolve('aws-cdk-lib/package.json'));
const BUNDLES = 'custom-resource-handlers/dist/custom-resources/aws-custom-resource-handler';
const FRAMEWORK = 'custom-resources/lib/provider-framework/runtime';
const FRAMEWORK_FILES = ['cfn-response', 'consts', 'framework', 'outbound', 'util'];
// what Lambda's runtime brings along; its handlers find it as they would there
const RUNTIME_SDK = { NODE_PATH: join(LIBRARY, '..') };

/** Bundles all of them into a folder, each as it would be deployed. */
export async function buildRivals(folder: string): Promise<Rivals> {
  const handSigned = await bundled(folder, 'hand-signed', 'signed by hand', likeOurs);
  const userFunction = await bundled(folder, 'provider-user-function', 'user function', {});
  const empty = await bundled(folder, 'empty', 'empty', likeOurs);
  return {
    empty,
    handSigned,
    sdkParts: await bundled(folder, 'sdk-parts', "the SDK's parts without its client", likeOurs),
    ours: await ours(folder),
    awsCustomResource: await awsCustomResource(folder),
    providerFramework: await providerFramework(folder, userFunction),
  };
}

/** Bundles the process that runs them. */
export async function buildHarness(folder: string): Promise<string> {
  const outfile = join(folder, 'cold-start.js');
  await build({ entryPoints: [join(__dirname, 'cold-start.ts')], bundle: true, platform: 'node', outfile });
  return outfile;
}

const likeOurs: BuildOptions = {
  mainFields: ['module', 'main'],
  external: ['@smithy/core/event-streams'],
  supported: { 'dynamic-import': false },
};

async function bundled(folder: string, source: string, name: string, options: BuildOptions): Promise<Rival> {
  const module = join(folder, source, 'index.js');
  const entryPoints = [join(__dirname, '..', 'rivals', `${source}.ts`)];
  const settings: BuildOptions = { bundle: true, minify: true, platform: 'node', target: 'node20' };
  await build({ ...settings, legalComments: 'none', ...options, entryPoints, outfile: module });
  return { name, module, handler: 'handler', properties: wanted => wanted, size: await sizeOf([module]) };
}

async function ours(folder: string): Promise<Rival> {
  const dist = join(__dirname, '..', '..', 'lambda', 'dist');
  // a copy, lest node_modules above it lend it what it lacks
  await cp(dist, join(folder, 'ours'), { recursive: true });
  const module = join(folder, 'ours', 'index.js');
  return {
    name: '**ours**',
    module,
    handler: 'handler',
    properties: wanted => wanted,
    size: await sizeOf([module]),
    assetSize: await sizeOf([module, join(folder, 'ours', 'aws', 'cloudformation-reads.js')]),
  };
}

async function awsCustomResource(folder: string): Promise<Rival> {
  const module = join(folder, 'aws-custom-resource', 'index.js');
  await cp(join(LIBRARY, BUNDLES), dirname(module), { recursive: true });
  return {
    name: 'AwsCustomResource',
    module,
    handler: 'handler',
    variables: { ...RUNTIME_SDK, BENCH_PLAIN_HTTP: '1' },
    properties: awsSdkCalls,
    size: await sizeOf([module]),
  };
}

/** What the construct writes for a key that is created, replaced on change and deleted. */
function awsSdkCalls(wanted: object): object {
  const put = {
    service: 'wafv2',
    action: 'createAPIKey',
    parameters: wanted,
    physicalResourceId: { responsePath: 'APIKey' },
  };
  const scope = 'Scope' in wanted ? wanted.Scope : undefined;
  const remove = {
    service: 'wafv2',
    action: 'deleteAPIKey',
    parameters: { Scope: scope, APIKey: 'PHYSICAL:RESOURCEID:' },
  };
  return {
    Create: JSON.stringify(put),
    Update: JSON.stringify(put),
    Delete: JSON.stringify(remove),
    InstallLatestAwsSdk: 'false',
  };
}

async function providerFramework(folder: string, userFunction: Rival): Promise<Rival> {
  const target = join(folder, 'provider-framework');
  await cp(join(LIBRARY, FRAMEWORK), target, { recursive: true });
  const files = FRAMEWORK_FILES.map(file => join(target, `${file}.js`));
  const { bytes, zippedBytes } = await sizeOf(files);
  return {
    name: 'Provider framework',
    module: join(target, 'framework.js'),
    handler: 'onEvent',
    variables: {
      ...RUNTIME_SDK,
      BENCH_PLAIN_HTTP: '1',
      USER_ON_EVENT_FUNCTION_ARN: 'arn:aws:lambda:eu-west-1:111122223333:function:user',
    },
    properties: wanted => wanted,
    userFunction,
    size: {
      bytes: bytes + userFunction.size.bytes,
      zippedBytes: zippedBytes + userFunction.size.zippedBytes,
    },
  };
}

async function sizeOf(files: readonly string[]): Promise<Size> {
  const sizes = await Promise.all(
    files.map(async file => {
      const content = await readFile(file);
      return { bytes: content.length, zippedBytes: zippedSize(basename(file), content) };
    }),
  );
  return {
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
    zippedBytes: sizes.reduce((sum, { zippedBytes }) => sum + zippedBytes, 0),
  };
}

/** The size of a zip archive with one file, by the compression that the CDK's assets get: zlib's strongest. */
function zippedSize(name: string, content: Buffer): number {
  const headers = 30 + 46 + 22 + 2 * Buffer.byteLength(name);
  return headers + deflateRawSync(content, { level: 9 }).length;
}
