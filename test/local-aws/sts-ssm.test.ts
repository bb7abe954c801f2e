import { AssumeRoleCommand, STSClient } from '@aws-sdk/nested-clients/sts';
import { parameterKey } from '../../local-aws/cloudformation';
import { newCredentials } from '../../local-aws/credentials';
import { inProcessHandler } from '../../local-aws/in-process';
import type { Service, ServiceRequest } from '../../local-aws/service';
import { ssm } from '../../local-aws/ssm';
import { sts } from '../../local-aws/sts';
import { ManualClock } from './manual-clock';

const accountId = '123456789012';
const clock = new ManualClock();

async function post(service: Service, body: string, target = ''): Promise<{ status: number; body: string }> {
  const request: ServiceRequest = {
    service: 'any',
    region: 'eu-west-1',
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: { 'x-amz-target': target },
    body: Buffer.from(body),
  };
  const response = await service(request);
  return { status: response.status, body: String(response.body) };
}

describe('sts', () => {
  const { role } = newCredentials();
  const service = sts(accountId, role, () => clock.now());

  test('tells the account', async () => {
    const { status, body } = await post(service, 'Action=GetCallerIdentity&Version=2011-06-15');
    expect(status).toBe(200);
    expect(body).toContain(`<Account>${accountId}</Account>`);
  });

  test('any role may be assumed for an hour', async () => {
    const client = new STSClient({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'AKIALOCAL', secretAccessKey: 'local' },
      requestHandler: inProcessHandler(service, clock),
    });
    const RoleArn = `arn:aws:iam::${accountId}:role/deploy-role`;
    const answer = await client.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'a<b' }));
    expect(answer.AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${accountId}:assumed-role/deploy-role/a<b`);
    expect(answer.Credentials).toMatchObject({
      AccessKeyId: role.accessKeyId,
      SessionToken: role.sessionToken,
      Expiration: new Date(clock.now() + 3_600_000),
    });
  });

  test('another action is refused by its name', async () => {
    const { status, body } = await post(service, 'Action=GetFederationToken');
    expect([status, body]).toEqual([
      400,
      expect.stringContaining('local aws does not imitate sts GetFederationToken'),
    ]);
  });
});

describe('ssm', () => {
  const parameters = new Map([[parameterKey('eu-west-1', '/a/b'), '30']]);
  const service = ssm(accountId, parameters);

  test('reads a parameter from the shared map', async () => {
    parameters.set(parameterKey('eu-west-1', 'later'), 'value');
    const { body } = await post(service, '{"Name":"later"}', 'AmazonSSM.GetParameter');
    expect(JSON.parse(body)).toMatchObject({ Parameter: { Name: 'later', Value: 'value', Type: 'String' } });
  });

  test("does not see another Region's", async () => {
    parameters.set(parameterKey('us-east-1', 'there'), 'value');
    const { body } = await post(service, '{"Name":"there"}', 'AmazonSSM.GetParameter');
    expect(JSON.parse(body).__type).toBe('ParameterNotFound');
  });

  test('gives the ARN without a doubled slash', async () => {
    const { body } = await post(service, '{"Name":"/a/b"}', 'AmazonSSM.GetParameter');
    expect(JSON.parse(body).Parameter.ARN).toBe(`arn:aws:ssm:eu-west-1:${accountId}:parameter/a/b`);
  });

  test('a missing parameter is ParameterNotFound', async () => {
    const { status, body } = await post(service, '{"Name":"missing"}', 'AmazonSSM.GetParameter');
    expect([status, JSON.parse(body).__type]).toEqual([400, 'ParameterNotFound']);
  });

  test('another operation is refused by its name', async () => {
    const { body } = await post(service, '{}', 'AmazonSSM.PutParameter');
    expect(JSON.parse(body).message).toContain('AmazonSSM.PutParameter');
  });
});
