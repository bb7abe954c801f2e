import {
  CreateAPIKeyCommand,
  DeleteAPIKeyCommand,
  ListAPIKeysCommand,
  WAFV2Client,
} from '@aws-sdk/client-wafv2';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

const client = new WAFV2Client({});

/** What a user would write for the Provider framework: the calls of our handler, the key as the id. */
export async function handler(event: CloudFormationCustomResourceEvent): Promise<object> {
  const { Scope, TokenDomains } = event.ResourceProperties;
  if (event.RequestType === 'Delete') {
    await client.send(new DeleteAPIKeyCommand({ Scope, APIKey: event.PhysicalResourceId }));
    return {};
  }
  const { ApplicationIntegrationURL } = await client.send(new ListAPIKeysCommand({ Scope }));
  const { APIKey } = await client.send(new CreateAPIKeyCommand({ Scope, TokenDomains }));
  return { PhysicalResourceId: APIKey, Data: { APIKey, ApplicationIntegrationURL } };
}
