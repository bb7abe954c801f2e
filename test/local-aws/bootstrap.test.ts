import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { runCdk } from '../../local-aws/cdk-cli';
import { type LocalAws, startLocalAws } from '../../local-aws/local-aws';

jest.setTimeout(180_000);

let aws: LocalAws;
let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'bootstrap-test-'));
  aws = await startLocalAws();
});

afterEach(async () => {
  await aws.close();
  await rm(cwd, { recursive: true });
});

test('cdk bootstrap creates its stack, with a key and a qualifier of its own', async () => {
  const args = [
    'bootstrap',
    'aws://123456789012/eu-west-1',
    '--qualifier',
    'own',
    '--bootstrap-customer-key',
  ];
  const { exitCode, output } = await runCdk(args, { environment: aws.environment, cwd });
  expect([exitCode, output]).toEqual([0, expect.stringContaining('bootstrapped')]);
  const { url: endpoint, credentials } = aws;
  const client = new CloudFormationClient({ endpoint, region: 'eu-west-1', credentials });
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: 'CDKToolkit' }));
  expect(Stacks).toMatchObject([{ StackStatus: 'CREATE_COMPLETE' }]);
  expect(Stacks[0]?.Outputs).toContainEqual(
    expect.objectContaining({
      OutputKey: 'BucketName',
      OutputValue: 'cdk-own-assets-123456789012-eu-west-1',
    }),
  );
});
