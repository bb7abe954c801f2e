import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnvironment, endpointSettings } from './child-environment';
import type { Clock } from './clock';
import { CloudFormation, type Variants } from './cloudformation';
import { CustomResourceResponses, responsePath } from './custom-resource-responses';
import { startEndpoint } from './endpoint';
import { Lambda } from './lambda';
import { S3 } from './s3';
import { ssm } from './ssm';
import { sts } from './sts';
import { systemClock } from './system-clock';
import { Wafv2, type Wafv2Options } from './wafv2';

export interface LocalAwsOptions {
  /** Region of the environment that `environment` describes; every Region is there. @default 'us-east-1' */
  readonly region?: string;
  readonly accountId?: string;
  /** Processes run in real time, whatever the clock. @default - real time */
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly waf?: Omit<Wafv2Options, 'clock' | 'random'>;
  /** What CloudFormation does where AWS's documents are silent. @default - as `defaultVariants` has it */
  readonly variants?: Partial<Variants>;
  /** Takes a line on every request that nothing here answers. @default - standard error */
  readonly onRefusal?: (line: string) => void;
}

export interface LocalAws {
  readonly url: string;
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

const bootstrapQualifier = 'hnb659fds';
const bootstrapVersion = '30';

/** Starts an AWS on loopback that is bootstrapped for the CDK in every Region and otherwise empty. */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const {
    region = 'us-east-1',
    accountId = '123456789012',
    clock = systemClock,
    random = Math.random,
  } = options;
  const now = () => clock.now();
  const folder = await mkdtemp(join(tmpdir(), 'local-aws-'));
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  const parameters = new Map([[`/cdk-bootstrap/${bootstrapQualifier}/version`, bootstrapVersion]]);
  const s3 = new S3(bucket => bucket.startsWith(`cdk-${bootstrapQualifier}-assets-${accountId}-`), now);
  const readObject = (bucket: string, key: string) => s3.readObject(bucket, key);
  const waf = new Wafv2({ ...options.waf, clock, random });
  const lambda = new Lambda({
    accountId,
    clock,
    folder: join(folder, 'functions'),
    readObject,
    variables: () => ({ AWS_ENDPOINT_URL: endpoint.url }),
  });
  const cloudFormation = new CloudFormation({
    accountId,
    clock,
    random,
    functions: lambda,
    parameters,
    readObject,
    variants: options.variants,
    responseUrl: token => `${endpoint.url}${responsePath}${token}`,
  });
  const responses = new CustomResourceResponses(clock, (token, body) => cloudFormation.answer(token, body));
  const endpoint = await startEndpoint({
    signed: {
      cloudformation: cloudFormation.service,
      lambda: lambda.service,
      s3: s3.service,
      ssm: ssm(accountId, parameters),
      sts: sts(accountId, now),
      wafv2: waf.service,
    },
    unsigned: { [responsePath]: responses.service },
    onRefusal: options.onRefusal,
  });
  const settings = endpointSettings(endpoint.url, region, folder);
  return {
    url: endpoint.url,
    settings,
    environment: childEnvironment(settings, temporary),
    waf,
    cloudFormation,
    lambda,
    responses,
    close: async () => {
      await lambda.close();
      await endpoint.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
