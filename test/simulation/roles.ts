import type { Clock } from '../../local-aws/clock';
import type { ResourceType } from '../../local-aws/cloudformation';
import type { Dice } from './dice';

/** IAM: a new role takes its time until it may do anything, a deleted one may do nothing any more. */
export class Roles {
  private readonly allowedFrom = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly dice: Dice,
    private readonly lagMs: number,
  ) {}

  readonly type: ResourceType = {
    create: async ({ stack }) => {
      const name = `${stack.name}-${this.allowedFrom.size}`;
      const arn = `arn:aws:iam::${stack.accountId}:role/${name}`;
      this.allowedFrom.set(arn, this.clock.now() + this.dice.between(0, this.lagMs));
      return { physicalId: name, attributes: { Arn: arn } };
    },
    update: async (_request, present) => present,
    delete: async (_request, { attributes }) => {
      this.allowedFrom.set(String(attributes.Arn), Number.POSITIVE_INFINITY);
    },
  };

  allows(arn: string): boolean {
    return this.clock.now() >= (this.allowedFrom.get(arn) ?? Number.POSITIVE_INFINITY);
  }
}
