import type { Clock } from '../../local-aws/clock';
import type { ResourceType } from '../../local-aws/cloudformation';

/** A resource that takes `Ms`, and then fails if `Fails` is set. */
export function slowResource(clock: Clock): ResourceType {
  const work: ResourceType['create'] = async ({ logicalId, properties, signal }) => {
    await clock.sleep(Number(properties.Ms ?? 0), signal);
    if (properties.Fails === true) throw new Error(`${logicalId} was told to fail`);
    return { physicalId: logicalId, attributes: {} };
  };
  return { create: work, update: work, delete: async () => undefined };
}
