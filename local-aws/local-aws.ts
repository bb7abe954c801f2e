import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BootstrappedParameters, isBootstrapBucket } from './bootstrap';
import { childEnvironment, endpointSettings } from './child-environment';
import { CloudFormation, type Variants } from './cloudformation';
import { type Credentials, newCredentials, type RunCredentials, secureRandom } from './credentials';
import { CustomResourceResponses, responsePath } from './custom-resource-responses';
import { type EndpointOptions, startEndpoint } from './endpoint';
import { Lambda } from './lambda';
import { S3 } from './s3';
import { ssm } from './ssm';
import { sts } from './sts';
import { systemClock } from './system-clock';
import { Wafv2, type Wafv2Options } from './wafv2';

export interface LocalAwsOptions {
  /** Region of the environment that `environment` describes; every Region is there. @default 'us-east-1' */
  readonly region?: string;
  readonly waf?: Omit<Wafv2Options, 'clock' | 'random'>;
  /** What CloudFormation does where AWS's documents are silent. @default - as `defaultVariants` has it */
  readonly variants?: Partial<Variants>;
  /** Takes a line on every request that nothing here answers. @default - standard error */
  readonly onRefusal?: (line: string) => void;
  /** Takes each line of a function's log. @default - `lambda.logLines` alone has them */
  readonly onLogLine?: (functionName: string, line: string) => void;
}

export interface LocalAws {
  readonly url: string;
  /** Those of this run; any other access key id is refused. */
  readonly credentials: Credentials;
  /** What leads a process to this endpoint. */
  readonly settings: Readonly<Record<string, string>>;
  /** `settings` and what else a child process needs; nothing of the user's AWS or CDK configuration. */
  readonly environment: Readonly<Record<string, string>>;
  readonly waf: Wafv2;
  readonly cloudFormation: CloudFormation;
  readonly lambda: Lambda;
  readonly responses: CustomResourceResponses;
  /** Ends every connection and process and removes every file. */
  close(): Promise<void>;
}

const accountId = '123456789012';
const clock = systemClock;

/** Starts an AWS on loopback that is bootstrapped for the CDK in every Region and otherwise empty. */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const folder = await mkdtemp(join(tmpdir(), 'local-aws-'));
  try {
    return await startIn(folder, options);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function startIn(folder: string, options: LocalAwsOptions): Promise<LocalAws> {
  const { region = 'us-east-1', onRefusal } = options;
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  const credentials = newCredentials();
  const services = createServices(folder, credentials, options, () => endpoint.url);
  const endpoint = await startEndpoint({
    ...services.routes,
    accessKeyIds: [credentials.user.accessKeyId, credentials.role.accessKeyId],
    onRefusal,
  });
  const settings = endpointSettings(endpoint.url, region, credentials.user, folder);
  const { routes: _, ...imitations } = services;
  return {
    ...imitations,
    url: endpoint.url,
    credentials: credentials.user,
    settings,
    environment: childEnvironment(settings, temporary),
    close: async () => {
      await services.lambda.close();
      await endpoint.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What answers behind the endpoint, each with what it needs of the others. */
function createServices(
  folder: string,
  credentials: RunCredentials,
  { waf: wafOptions, variants, onLogLine }: LocalAwsOptions,
  url: () => string,
) {
  const random = secureRandom;
  const now = () => clock.now();
  const parameters = new BootstrappedParameters();
  const s3 = new S3(bucket => isBootstrapBucket(bucket, accountId), now);
  const readObject = (bucket: string, key: string) => s3.readObject(bucket, key);
  const waf = new Wafv2({ ...wafOptions, clock, random });
  const lambda = new Lambda({
    ...{ accountId, clock, readObject, onLogLine, credentials: credentials.role },
    folder: join(folder, 'functions'),
    variables: () => ({ AWS_ENDPOINT_URL: url() }),
  });
  const cloudFormation = new CloudFormation({
    ...{ accountId, clock, random, functions: lambda, parameters, readObject, variants },
    responseUrl: token => `${url()}${responsePath}${token}`,
  });
  const responses = new CustomResourceResponses(clock, (token, body) => cloudFormation.answer(token, body));
  const routes: Pick<EndpointOptions, 'signed' | 'unsigned'> = {
    signed: {
      cloudformation: cloudFormation.service,
      lambda: lambda.service,
      s3: s3.service,
      ssm: ssm(accountId, parameters),
      sts: sts(accountId, credentials.role, now),
      wafv2: waf.service,
    },
    unsigned: { [responsePath]: responses.service },
  };
  return { waf, cloudFormation, lambda, responses, routes };
}
