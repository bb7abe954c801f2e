import { CreateAPIKeyCommand, DeleteAPIKeyCommand } from '@aws-sdk/client-wafv2';
import type { CreateHandler } from './handler-environment';

/**
 * A handler as one would write it at first: a new key for each change, the key as id.
 * The simulation has to find its faults; one that does not has gone blind.
 */
export const naiveHandler: CreateHandler = ({ put, clientFor }) => {
  return async event => {
    const { StackId, RequestId, LogicalResourceId, ResourceProperties } = event;
    const { Scope, TokenDomains } = ResourceProperties ?? {};
    const client = clientFor(Scope === 'CLOUDFRONT' ? 'us-east-1' : (StackId.split(':')[3] ?? ''));
    const answer = (body: object) => {
      const text = JSON.stringify({ StackId, RequestId, LogicalResourceId, ...body });
      return put(event.ResponseURL, Buffer.from(text), new AbortController().signal);
    };
    try {
      if (event.RequestType === 'Delete') {
        const id = event.PhysicalResourceId;
        await client.send(new DeleteAPIKeyCommand({ Scope, APIKey: id })).catch(() => undefined);
        await answer({ Status: 'SUCCESS', PhysicalResourceId: id });
      } else {
        const { APIKey } = await client.send(new CreateAPIKeyCommand({ Scope, TokenDomains }));
        await answer({ Status: 'SUCCESS', PhysicalResourceId: APIKey, Data: { APIKey } });
      }
    } catch (error) {
      await answer({ Status: 'FAILED', Reason: String(error), PhysicalResourceId: RequestId });
    }
  };
};
