import { DOMAINS, type KeyWish, type Neighbour } from './history';

/** What a template asks of one key. */
export interface Key extends KeyWish {
  readonly logicalId: string;
  readonly existingApiKey: string | undefined;
}

/** A template as the construct would synthesize it, with other resources around the keys. */
export function templateOf(
  keys: readonly Key[],
  neighbours: readonly Neighbour[],
  version: number,
  timeoutSeconds: number,
): string {
  // by its place, so that copies of two deployments do not depend on each other in a circle
  const named = neighbours.map((neighbour, index) => ({
    ...neighbour,
    logicalId: `${neighbour.place.split(' ')[0]}${index}`,
  }));
  const before = named.filter(({ place }) => place === 'before the keys').map(({ logicalId }) => logicalId);
  const keyIds = keys.map(({ logicalId }) => logicalId);
  const others = named.map(({ logicalId, place, ms, fails }) => [
    logicalId,
    {
      Type: 'Test::Neighbour',
      Properties: { Ms: ms, Fails: fails, Version: version },
      DependsOn: place === 'after the keys' ? keyIds : [],
    },
  ]);
  const custom = keys.map(key => [key.logicalId, customResource(key, before)]);
  const resources = { ...provider(timeoutSeconds), ...Object.fromEntries([...others, ...custom]) };
  return JSON.stringify({ Resources: resources });
}

/** A template without what all of them have. */
export function readable(template: string): string {
  const { Resources }: { Resources: Record<string, { Properties?: object }> } = JSON.parse(template);
  const own = Object.entries(Resources).filter(([logicalId]) => !(logicalId in provider(0)));
  return JSON.stringify(Object.fromEntries(own), (name, value) =>
    ['Type', 'ServiceToken', 'ServiceTimeout', 'UpdateReplacePolicy'].includes(name) ? undefined : value,
  );
}

/** The domains as the template writes them: their order and letter case mean nothing. */
export function domainsOf({ domains, spelling }: Pick<KeyWish, 'domains' | 'spelling'>): string[] {
  const chosen = [...(DOMAINS[domains] ?? DOMAINS[0])];
  if (spelling === 1) return chosen.reverse();
  return spelling === 2 ? [...chosen.map(domain => domain.toUpperCase()), ...chosen] : chosen;
}

/** Whether the template asks for it: with RETAIN the construct does not. */
export function isPreviousKept({ keepsPrevious, retain }: KeyWish): boolean {
  return keepsPrevious && !retain;
}

function customResource(key: Key, before: readonly string[]) {
  const policy = key.retain ? 'Retain' : 'Delete';
  return {
    Type: 'Custom::WafCaptchaApiKey',
    Properties: {
      ServiceToken: { 'Fn::GetAtt': ['Handler', 'Arn'] },
      ServiceTimeout: 3600,
      Scope: key.scope,
      TokenDomains: domainsOf(key),
      ...(key.rotation > 0 && { Rotation: `rotation ${key.rotation}` }),
      ...(key.existingApiKey !== undefined && { ExistingApiKey: key.existingApiKey }),
      ...(isPreviousKept(key) && { KeepPreviousKey: true }),
    },
    DependsOn: before,
    DeletionPolicy: policy,
    UpdateReplacePolicy: policy,
  };
}

function provider(timeoutSeconds: number) {
  return {
    LogGroup: { Type: 'AWS::Logs::LogGroup' },
    Role: { Type: 'AWS::IAM::Role', DependsOn: ['LogGroup'] },
    Handler: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Timeout: timeoutSeconds,
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Environment: { Variables: { STACK_ID: { Ref: 'AWS::StackId' } } },
        LoggingConfig: { LogGroup: { Ref: 'LogGroup' } },
        Code: { S3Bucket: 'assets', S3Key: 'handler.zip' },
      },
    },
  };
}
