import { AwsError } from '../../local-aws/aws-error';
import type { Stack } from '../../local-aws/cloudformation';
import type { Account } from './account';
import { type Change, DOMAINS, type KeyWish, type StackStory, type Step } from './history';
import { judge, type Snapshot } from './judge';
import { isSameKind } from './ledger';
import { domainsOf, type Key, readable, templateOf } from './template';

type Deploy = Extract<Step, { kind: 'deploy' }>;

/** Somebody who deploys one stack again and again, as a story says. */
export class StackUser {
  private stack?: Stack;
  /** What is deployed, by slot. */
  private keys: readonly (Key | undefined)[] = [];
  private version = 0;

  constructor(
    private readonly account: Account,
    private readonly story: StackStory,
    private readonly stackName: string,
  ) {}

  async play(): Promise<void> {
    const { clock } = this.account;
    await clock.sleep(this.story.startMs);
    for (const step of this.story.steps) {
      await this.take(step);
      await clock.sleep(step.pauseMs);
    }
  }

  /** Deletes the stack, whatever it takes that a user can do. */
  async leave(): Promise<void> {
    const { stack, account } = this;
    if (!stack) return;
    for (let attempt = 0; attempt < 3 && !stack.isGone; attempt += 1) await this.deleteStack(stack);
    if (stack.isGone) return;
    const retain = [...stack.resources.keys(), ...stack.leftovers.map(({ logicalId }) => logicalId)];
    if (stack.resources.has('Handler')) {
      account.violation(5, `${stack.name} cannot be deleted: ${stack.reason}`);
    }
    account.cloudFormation.engine.delete(stack, { retain });
    await account.cloudFormation.engine.settled(stack);
  }

  private async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'deploy':
        return this.deploy(step);
      case 'delete stack':
        return this.stack && this.deleteStack(this.stack);
      case 'delete key by hand':
        return this.deleteByHand(step.slot);
      case 'make key by hand':
        this.makeByHand(this.regionOf(step.scope), step.scope, DOMAINS[step.domains] ?? DOMAINS[0]);
    }
  }

  private async deploy(step: Deploy): Promise<void> {
    const { stack } = this;
    if (stack && !deployable.includes(stack.status)) return;
    const keys = this.changed(stack ? this.keys : this.first(), step.changes);
    this.version += 1;
    const wanted = keys.filter(key => key !== undefined);
    const template = templateOf(wanted, step.neighbours, this.version);
    const snapshot = this.begin(template, wanted, step.parent);
    if (!snapshot) return;
    const interruption = this.interrupt(snapshot.stack, step.cancelAfterMs);
    await this.account.cloudFormation.engine.settled(snapshot.stack);
    interruption.abort(new Error('the operation is over'));
    if (await this.concluded(snapshot)) this.keys = keys;
  }

  /** Starts a creation or an update, and takes down how things stood before. */
  private begin(template: string, wanted: readonly Key[], parent: Deploy['parent']): Snapshot | undefined {
    const { account, stackName, story } = this;
    const { engine } = account.cloudFormation;
    const startedAt = account.clock.now();
    const deployed = this.keys.filter(key => key !== undefined);
    if (!this.stack) {
      const stack = engine.addStack(story.region, stackName);
      account.trace(() => `${stackName}: create ${readable(template)}`);
      this.stack = stack;
      engine.create(stack, { template });
      return { stack, wanted, deployed: [], apiKeys: new Map(), begunAt: startedAt, startedAt };
    }
    const { stack } = this;
    const apiKeys = new Map(
      deployed.map(({ logicalId }) => [logicalId, apiKeyOf(stack, logicalId)] as const),
    );
    account.trace(() => `${stackName}: update ${readable(template)}`);
    try {
      engine.update(stack, { template }, parent && (() => this.succeeds(parent)));
    } catch (error) {
      if (error instanceof AwsError) return undefined;
      throw error;
    }
    return { stack, wanted, deployed, apiKeys, begunAt: startedAt, startedAt };
  }

  private async succeeds({ ms, fails }: NonNullable<Deploy['parent']>): Promise<boolean> {
    await this.account.clock.sleep(ms);
    this.account.trace(() => `${this.stackName}: its parent ${fails ? 'fails' : 'succeeds'}`);
    return !fails;
  }

  private interrupt(stack: Stack, afterMs: number | undefined): AbortController {
    const { clock, cloudFormation, trace } = this.account;
    const interruption = new AbortController();
    const act = () => {
      if (stack.status === 'CREATE_IN_PROGRESS') cloudFormation.engine.delete(stack);
      else if (stack.status === 'UPDATE_IN_PROGRESS') cloudFormation.engine.cancelUpdate(stack);
      trace(() => `${stack.name}: interrupted, ${stack.status}`);
    };
    if (afterMs !== undefined) clock.sleep(afterMs, interruption.signal).then(act, () => undefined);
    return interruption;
  }

  /** Whether the operation brought the stack to what was wanted; a failed one is followed up as a user would. */
  private async concluded(snapshot: Snapshot): Promise<boolean> {
    const { stack } = snapshot;
    const { engine } = this.account.cloudFormation;
    judge(this.account, snapshot);
    for (let attempt = 0; attempt < 2 && stack.status === 'UPDATE_ROLLBACK_FAILED'; attempt += 1) {
      await this.account.clock.sleep(30_000);
      const startedAt = this.account.clock.now();
      engine.continueRollback(stack);
      await engine.settled(stack);
      judge(this.account, { ...snapshot, startedAt });
    }
    if (stack.status.startsWith('ROLLBACK_')) await this.deleteStack(stack);
    if (stack.isGone) this.forget();
    return complete.includes(stack.status);
  }

  private async deleteStack(stack: Stack): Promise<void> {
    const { engine } = this.account.cloudFormation;
    const startedAt = this.account.clock.now();
    this.account.trace(() => `${stack.name}: delete`);
    engine.delete(stack);
    await engine.settled(stack);
    judge(this.account, {
      stack,
      wanted: [],
      deployed: [],
      apiKeys: new Map(),
      begunAt: startedAt,
      startedAt,
    });
    if (stack.isGone) this.forget();
  }

  private forget(): void {
    this.stack = undefined;
    this.keys = [];
  }

  private deleteByHand(slot: number): void {
    const logicalId = this.keys[slot]?.logicalId;
    const apiKey = logicalId && this.stack && apiKeyOf(this.stack, logicalId);
    if (!apiKey) return;
    this.account.trace(() => `${this.stackName}: the key of ${logicalId} is deleted by hand`);
    this.account.waf.deleteByHand(apiKey);
    this.account.ledger.recordGone(apiKey, true);
  }

  private makeByHand(region: string, scope: KeyWish['scope'], domains: readonly string[]): string {
    const made = this.account.waf.createForeignKey(region, scope, domains);
    const { digest } = this.account.ledger.record(made);
    this.account.trace(() => `by hand: ${digest.slice(0, 6)} for ${domains} in ${region}`);
    return made.apiKey;
  }

  private first(): (Key | undefined)[] {
    return this.story.keys.map((wish, slot) => {
      const key: Key = { ...wish, logicalId: `Key${slot}`, existingApiKey: undefined };
      return wish.existing ? this.withKeyByHand(key) : key;
    });
  }

  private changed(keys: readonly (Key | undefined)[], changes: readonly Change[]): (Key | undefined)[] {
    return Array.from({ length: 4 }, (_, slot) => {
      const present = keys[slot];
      const own = changes.filter(change => change.slot === slot);
      const key = own.reduce((before, change) => this.applied(before, change), present);
      const isStale = key?.existingApiKey && !this.fits(key, key.existingApiKey);
      if (key && (isStale || key.existingApiKey === '')) return this.withKeyByHand(key);
      // a renamed resource is another one: the key that it would name goes with the first
      const isTaken =
        key?.existingApiKey !== present?.existingApiKey && key?.logicalId !== present?.logicalId;
      return key && isTaken ? { ...key, existingApiKey: undefined } : key;
    });
  }

  private applied(key: Key | undefined, change: Change): Key | undefined {
    if (change.to === 'presence') return key ? undefined : fresh(change.slot, this.version);
    if (!key) return undefined;
    switch (change.to) {
      case 'domains':
      case 'spelling':
      case 'rotation':
        return { ...key, [change.to]: change.value };
      case 'scope':
        return { ...key, scope: key.scope === 'REGIONAL' ? 'CLOUDFRONT' : 'REGIONAL' };
      case 'retain':
        return { ...key, retain: !key.retain };
      case 'name':
        return { ...key, logicalId: `Key${change.slot}v${this.version}` };
      case 'origin':
        return { ...key, existingApiKey: this.named(key, change.value) };
    }
  }

  /** The key to name; an empty text stands for one that is still to be made by hand. */
  private named(key: Key, origin: 'by hand' | 'own' | 'none'): string | undefined {
    if (origin === 'none') return undefined;
    if (origin === 'by hand') return key.existingApiKey ?? '';
    const isDeployed = this.keys.some(present => present?.logicalId === key.logicalId);
    return isDeployed && this.stack ? apiKeyOf(this.stack, key.logicalId) : key.existingApiKey;
  }

  private fits(key: Key, apiKey: string): boolean {
    const found = this.account.ledger.keys.get(apiKey)?.key;
    return (
      found !== undefined &&
      isSameKind(found, { ...key, region: this.regionOf(key.scope), tokenDomains: domainsOf(key) })
    );
  }

  private withKeyByHand(key: Key): Key {
    return { ...key, existingApiKey: this.makeByHand(this.regionOf(key.scope), key.scope, domainsOf(key)) };
  }

  private regionOf(scope: KeyWish['scope']): string {
    return scope === 'CLOUDFRONT' ? 'us-east-1' : this.story.region;
  }
}

const complete = ['CREATE_COMPLETE', 'UPDATE_COMPLETE'];
const deployable = [...complete, 'UPDATE_ROLLBACK_COMPLETE'];

/** The output that a page uses. */
export function apiKeyOf(stack: Stack, logicalId: string): string | undefined {
  const value = stack.resources.get(logicalId)?.attributes.APIKey;
  return typeof value === 'string' ? value : undefined;
}

function fresh(slot: number, version: number): Key {
  const logicalId = `Key${slot}v${version}`;
  const wish = { domains: 0, spelling: 0, scope: 'REGIONAL' as const, rotation: 0, retain: false };
  return { ...wish, existing: false, logicalId, existingApiKey: undefined };
}
