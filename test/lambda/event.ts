import type {
  CloudFormationCustomResourceCreateEvent,
  CloudFormationCustomResourceDeleteEvent,
  CloudFormationCustomResourceEvent,
  CloudFormationCustomResourceUpdateEvent,
} from 'aws-lambda';

type Properties = Readonly<Record<string, unknown>>;

export const STACK_ID =
  'arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/5b8d0e10-0000-11f0-9c0a-0a1b2c3d4e5f';

let requests = 0;

/** A response URL that was signed at a time, in milliseconds. */
export function signedUrl(at: number): string {
  const date = new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
  return `https://cloudformation.example/response?X-Amz-Date=${date}&X-Amz-Expires=7200&X-Amz-Signature=secret`;
}

function common(properties: Properties) {
  requests += 1;
  return {
    RequestId: `request-${requests}`,
    ServiceToken: 'arn:aws:lambda:eu-west-1:111122223333:function:handler',
    ResponseURL: signedUrl(Date.UTC(2026, 0, 31, 12)),
    StackId: STACK_ID,
    LogicalResourceId: 'CaptchaKey',
    ResourceType: 'Custom::WafCaptchaApiKey',
    ResourceProperties: withServiceToken(properties),
  };
}

// the only cast of the tests: the events' own type says `any` of every property
function withServiceToken(properties: Properties): CloudFormationCustomResourceEvent['ResourceProperties'] {
  return { ServiceToken: 'arn:aws:lambda:eu-west-1:111122223333:function:handler', ...properties };
}

export const properties = (
  tokenDomains: unknown = ['example.com'],
  scope: unknown = 'REGIONAL',
): Properties => ({
  Scope: scope,
  TokenDomains: tokenDomains,
  ServiceTimeout: '3600',
});

export function createEvent(
  wanted: Properties = properties(),
  more: Partial<CloudFormationCustomResourceCreateEvent> = {},
): CloudFormationCustomResourceCreateEvent {
  return { ...common(wanted), RequestType: 'Create', ...more };
}

export function updateEvent(
  physicalResourceId: string,
  wanted: Properties,
  old: Properties,
  more: Partial<CloudFormationCustomResourceUpdateEvent> = {},
): CloudFormationCustomResourceUpdateEvent {
  return {
    ...common(wanted),
    RequestType: 'Update',
    PhysicalResourceId: physicalResourceId,
    OldResourceProperties: withServiceToken(old),
    ...more,
  };
}

export function deleteEvent(
  physicalResourceId: string,
  wanted: Properties = properties(),
  more: Partial<CloudFormationCustomResourceDeleteEvent> = {},
): CloudFormationCustomResourceDeleteEvent {
  return { ...common(wanted), RequestType: 'Delete', PhysicalResourceId: physicalResourceId, ...more };
}
