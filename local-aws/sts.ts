import { AwsError, escapeXml, queryError, xml } from './aws-error';
import type { Credentials } from './credentials';
import type { Service, ServiceResponse } from './service';

/** The two STS operations of the CDK CLI. Any role may be assumed, always with the same credentials. */
export function sts(accountId: string, role: Required<Credentials>, now: () => number): Service {
  return async request => {
    const parameters = new URLSearchParams(request.body.toString('utf8'));
    const action = parameters.get('Action') ?? '(no Action)';
    try {
      if (action === 'GetCallerIdentity') return callerIdentity(accountId);
      if (action === 'AssumeRole') return assumedRole(accountId, parameters, role, now());
      throw new AwsError('InvalidAction', `local aws does not imitate sts ${action}`);
    } catch (error) {
      if (error instanceof AwsError) return queryError(error);
      throw error;
    }
  };
}

function callerIdentity(accountId: string): ServiceResponse {
  const arn = `arn:aws:iam::${accountId}:user/local`;
  return result(
    'GetCallerIdentity',
    `<Arn>${arn}</Arn><UserId>AIDALOCAL</UserId><Account>${accountId}</Account>`,
  );
}

function assumedRole(
  accountId: string,
  parameters: URLSearchParams,
  { accessKeyId, secretAccessKey, sessionToken }: Required<Credentials>,
  now: number,
): ServiceResponse {
  const role = required(parameters, 'RoleArn').split('/').at(-1) ?? '';
  const session = required(parameters, 'RoleSessionName');
  const arn = escapeXml(`arn:aws:sts::${accountId}:assumed-role/${role}/${session}`);
  const expiration = new Date(now + 3_600_000).toISOString();
  return result(
    'AssumeRole',
    `<AssumedRoleUser><Arn>${arn}</Arn><AssumedRoleId>AROALOCAL:${escapeXml(session)}</AssumedRoleId></AssumedRoleUser>` +
      `<Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey>` +
      `<SessionToken>${sessionToken}</SessionToken><Expiration>${expiration}</Expiration></Credentials>`,
  );
}

function required(parameters: URLSearchParams, name: string): string {
  const value = parameters.get(name);
  if (value) return value;
  throw new AwsError('ValidationError', `expected the parameter ${name}, got none`);
}

function result(action: string, members: string): ServiceResponse {
  const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/';
  const inner = `<${action}Result>${members}</${action}Result>`;
  const metadata = '<ResponseMetadata><RequestId>local</RequestId></ResponseMetadata>';
  return xml(200, `<${action}Response xmlns="${namespace}">${inner}${metadata}</${action}Response>`);
}
