import { CreateAPIKeyCommand, DeleteAPIKeyCommand } from '@aws-sdk/client-wafv2';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { CreateHandler } from './handler-environment';

const US_EAST_1 = 'us-east-1';

/**
 * A handler as one would write it at first: a new key for each change, the key as id, the SDK's three attempts.
 * The simulation has to find its faults; one that does not has gone blind.
 */
export const naiveHandler: CreateHandler = ({ clock, put, wafClientFor }) => {
  const regionOf = (event: CloudFormationCustomResourceEvent, scope: string) =>
    scope === 'CLOUDFRONT' ? US_EAST_1 : (event.StackId.split(':')[3] ?? US_EAST_1);

  const attempt = async <T>(call: () => Promise<T>): Promise<T> => {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await call();
      } catch (error) {
        if (attempts === 3) throw error;
        await clock.sleep(200 * attempts);
      }
    }
  };

  const create = async (event: CloudFormationCustomResourceEvent) => {
    const { Scope, TokenDomains } = event.ResourceProperties;
    const client = wafClientFor(regionOf(event, Scope));
    const { APIKey = '' } = await attempt(() =>
      client.send(new CreateAPIKeyCommand({ Scope, TokenDomains })),
    );
    return APIKey;
  };

  const remove = async (event: CloudFormationCustomResourceEvent, APIKey: string) => {
    const { Scope } = event.ResourceProperties;
    const client = wafClientFor(regionOf(event, Scope));
    await attempt(() => client.send(new DeleteAPIKeyCommand({ Scope, APIKey }))).catch(() => undefined);
    return APIKey;
  };

  return async event => {
    const { StackId, RequestId, LogicalResourceId } = event;
    const names = { StackId, RequestId, LogicalResourceId };
    const answer = async (body: object) => {
      const text = Buffer.from(JSON.stringify({ ...names, ...body }));
      await attempt(() => put(event.ResponseURL, text, new AbortController().signal));
    };
    try {
      const id =
        event.RequestType === 'Delete' ? await remove(event, event.PhysicalResourceId) : await create(event);
      await answer({ Status: 'SUCCESS', PhysicalResourceId: id, Data: { APIKey: id } });
    } catch (error) {
      await answer({ Status: 'FAILED', Reason: String(error), PhysicalResourceId: RequestId });
    }
  };
};
