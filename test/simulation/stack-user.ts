import { RESPONSE_URL_LIFE } from '../../lambda/timings';
import { AwsError } from '../../local-aws/aws-error';
import type { Stack } from '../../local-aws/cloudformation';
import type { Account } from './account';
import {
  type Change,
  type Deploy,
  DOMAINS,
  type KeyWish,
  SLOTS,
  type StackStory,
  type Step,
} from './history';
import { apiKeyOf, judge, type Operation, type Settled, settledAfter } from './judge';
import { isSameKind, resourceOf } from './ledger';
import { domainsOf, isPreviousKept, type Key, readable, templateOf } from './template';

type Slots = readonly (Key | undefined)[];

/** Somebody who deploys one stack again and again, as a story says. */
export class StackUser {
  private stack?: Stack;
  private settled: Settled;
  /** What the stack goes back to, by slot. */
  private keys: Slots = [];
  /** What was tried last, if the stack stopped at a failure. */
  private attempted?: Slots;
  private version = 0;

  constructor(
    private readonly account: Account,
    private readonly story: StackStory,
    private readonly stackName: string,
  ) {
    this.settled = nothing(account);
  }

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
    account.violation('live', `${stack.name} cannot be deleted: ${stack.reason}`);
    const retain = [...stack.resources.keys(), ...stack.leftovers.map(({ logicalId }) => logicalId)];
    account.cloudFormation.engine.delete(stack, { retain });
    await account.cloudFormation.engine.settled(stack);
  }

  private async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'deploy':
        return this.deploy(step);
      case 'delete stack':
        return this.stack && this.deleteStack(this.stack);
      case 'events expire':
        return this.letEventsExpire();
      case 'delete key by hand':
        return this.deleteByHand(step.slot);
      case 'create key by hand':
        this.createByHand(this.regionOf(step.scope), step.scope, DOMAINS[step.domains] ?? DOMAINS[0]);
    }
  }

  private async deploy(step: Deploy): Promise<void> {
    const { stack } = this;
    if (stack && !deployable.includes(stack.status)) return;
    const keys = this.changed(stack ? (this.attempted ?? this.keys) : this.first(), step.changes);
    const operation = this.begin(keys, step);
    if (!operation) return;
    const interruption = this.interrupt(operation.stack, step.cancelAfterMs);
    await this.account.cloudFormation.engine.settled(operation.stack);
    interruption.abort(new Error('the operation is over'));
    await this.conclude(operation, keys, step);
  }

  /** Starts a creation or an update. */
  private begin(keys: Slots, step: Deploy): Operation | undefined {
    const { account, stackName, story } = this;
    const { engine } = account.cloudFormation;
    this.version += 1;
    const wanted = keys.filter(key => key !== undefined);
    const template = templateOf(wanted, step.neighbours, this.version, account.conditions.timeoutSeconds);
    const disableRollback = this.attempted !== undefined || step.afterFailure !== undefined;
    const startedAt = account.clock.now();
    const how = disableRollback ? ' without rollback' : '';
    account.trace(() => `${stackName}: ${this.stack ? 'update' : 'create'}${how} ${readable(template)}`);
    if (!this.stack) {
      this.settled = nothing(account);
      this.stack = engine.addStack(story.region, stackName);
      engine.create(this.stack, { template, disableRollback });
    } else {
      const { parent } = step;
      const succeeds = parent && !disableRollback ? () => this.succeeds(parent) : undefined;
      try {
        engine.update(this.stack, { template, disableRollback }, succeeds);
      } catch (error) {
        if (error instanceof AwsError) return undefined;
        throw error;
      }
    }
    return { stack: this.stack, wanted, settled: this.settled, startedAt };
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

  /** Judges an operation; one that failed is followed up as a user would. */
  private async conclude(operation: Operation, keys: Slots, step: Deploy): Promise<void> {
    const { stack } = operation;
    const { engine } = this.account.cloudFormation;
    this.judge(operation);
    if (paused.includes(stack.status)) {
      this.attempted = keys;
      for (const key of operation.wanted)
        if (!isPreviousKept(key)) this.settled.replacedForGood.add(key.logicalId);
      const { afterFailure } = step;
      if (afterFailure === 'former template' && stack.status === 'UPDATE_FAILED') {
        const former: Deploy = { ...step, afterFailure: 'goes on', neighbours: [], cancelAfterMs: undefined };
        const again = this.begin(this.keys, former);
        if (!again) return;
        await engine.settled(stack);
        return this.conclude(again, this.keys, former);
      }
      if (afterFailure === 'rolls back') await this.goOn(operation, () => engine.rollBack(stack));
    }
    await this.finishRollback(operation, step.skips);
    if (stack.status.startsWith('ROLLBACK_')) await this.deleteStack(stack);
    if (stack.isGone) this.forget();
    if (complete.includes(stack.status)) this.keys = keys;
    if (!paused.includes(stack.status)) this.attempted = undefined;
  }

  private async finishRollback(operation: Operation, skips: boolean): Promise<void> {
    const { stack } = operation;
    const { engine } = this.account.cloudFormation;
    for (let attempt = 0; attempt < 3 && stack.status === 'UPDATE_ROLLBACK_FAILED'; attempt += 1) {
      await this.account.clock.sleep(30_000);
      const failed = [...stack.resources.values()].filter(({ status }) => status === 'UPDATE_FAILED');
      const skip = skips && attempt === 2 ? failed.map(({ logicalId }) => logicalId) : [];
      for (const logicalId of skip) {
        this.settled.skipped.add(logicalId);
        this.account.skipped.add(resourceOf({ StackId: stack.id, LogicalResourceId: logicalId }));
      }
      if (skip.length > 0) this.account.trace(() => `${stack.name}: skips ${skip.join(' ')}`);
      await this.goOn(operation, () => engine.continueRollback(stack, { skip }));
    }
  }

  private async goOn(operation: Operation, start: () => void): Promise<void> {
    const startedAt = this.account.clock.now();
    start();
    await this.account.cloudFormation.engine.settled(operation.stack);
    this.judge({ ...operation, startedAt });
  }

  private judge(operation: Operation): void {
    judge(this.account, operation);
    this.settled = settledAfter(this.account, operation);
  }

  private async deleteStack(stack: Stack): Promise<void> {
    const { engine } = this.account.cloudFormation;
    const startedAt = this.account.clock.now();
    this.account.trace(() => `${stack.name}: delete`);
    engine.delete(stack);
    await engine.settled(stack);
    judge(this.account, { stack, wanted: [], settled: this.settled, startedAt });
    if (stack.isGone) this.forget();
  }

  private forget(): void {
    this.stack = undefined;
    this.keys = [];
    this.attempted = undefined;
  }

  /** No operation and no request lasts as long as CloudFormation keeps events. */
  private async letEventsExpire(): Promise<void> {
    const { stack, account } = this;
    if (!stack || !complete.includes(stack.status)) return;
    await account.clock.sleep(RESPONSE_URL_LIFE);
    account.eventsFrom.set(stack, account.clock.now());
  }

  private deleteByHand(slot: number): void {
    const logicalId = this.keys[slot]?.logicalId;
    const apiKey = logicalId && this.stack && apiKeyOf(this.stack, logicalId);
    if (!apiKey) return;
    this.account.trace(() => `${this.stackName}: the key of ${logicalId} is deleted by hand`);
    this.account.waf.deleteByHand(apiKey);
    this.account.ledger.recordGone(apiKey, true);
  }

  private createByHand(region: string, scope: KeyWish['scope'], domains: readonly string[]): string {
    const created = this.account.waf.createForeignKey(region, scope, domains);
    const { digest } = this.account.ledger.record(created);
    this.account.trace(() => `by hand: ${digest.slice(0, 6)} for ${domains} in ${region}`);
    return created.apiKey;
  }

  private first(): Slots {
    return this.story.keys.map(({ isExisting, ...wish }, slot) => {
      const key: Key = { ...wish, logicalId: `Key${slot}`, existingApiKey: undefined };
      return isExisting ? this.withKeyByHand(key) : key;
    });
  }

  private changed(keys: Slots, changes: readonly Change[]): Slots {
    return Array.from({ length: SLOTS }, (_, slot) => {
      const own = changes.filter(change => change.slot === slot);
      const key = own.reduce((before, change) => this.applied(before, change, keys), keys[slot]);
      const isStale = key?.existingApiKey !== undefined && !this.fits(key, key.existingApiKey);
      return key && isStale ? this.withKeyByHand(key) : key;
    });
  }

  private applied(key: Key | undefined, change: Change, deployed: Slots): Key | undefined {
    const { slot } = change;
    if (change.to === 'presence') return key ? undefined : fresh(slot, this.version);
    if (!key) return undefined;
    switch (change.to) {
      case 'domains':
      case 'spelling':
      case 'rotation':
        return { ...key, [change.to]: change.value };
      case 'scope':
        return { ...key, scope: key.scope === 'REGIONAL' ? 'CLOUDFRONT' : 'REGIONAL' };
      case 'retain':
      case 'keepsPrevious':
        return { ...key, [change.to]: !key[change.to] };
      case 'name':
        return { ...key, logicalId: `Key${slot}v${this.version}` };
      case 'origin': {
        const other = deployed.find((one, index) => one && index !== slot);
        switch (change.value) {
          case 'none':
            return { ...key, existingApiKey: undefined };
          case 'by hand':
            return { ...key, existingApiKey: key.existingApiKey ?? '' };
          case 'own':
            return { ...key, existingApiKey: this.apiKeyOf(deployed[slot]) ?? key.existingApiKey };
          case 'shared':
            return other ? { ...key, ...kindOf(other), existingApiKey: this.apiKeyOf(other) } : key;
          case 'of another stack':
            return { ...key, existingApiKey: this.elsewhere(key) ?? key.existingApiKey };
        }
      }
    }
  }

  private apiKeyOf(key: Key | undefined): string | undefined {
    return key && this.stack && apiKeyOf(this.stack, key.logicalId);
  }

  /** A key of another stack that fits. */
  private elsewhere(key: Key): string | undefined {
    const others = this.account.cloudFormation.engine.stacks.filter(({ id }) => id !== this.stack?.id);
    return others
      .flatMap(other => [...other.resources.keys()].flatMap(id => apiKeyOf(other, id) ?? []))
      .find(apiKey => this.fits(key, apiKey));
  }

  private fits(key: Key, apiKey: string): boolean {
    const found = this.account.ledger.keys.get(apiKey)?.key;
    const wanted = { ...key, region: this.regionOf(key.scope), tokenDomains: domainsOf(key) };
    return found !== undefined && isSameKind(found, wanted);
  }

  private withKeyByHand(key: Key): Key {
    return { ...key, existingApiKey: this.createByHand(this.regionOf(key.scope), key.scope, domainsOf(key)) };
  }

  private regionOf(scope: KeyWish['scope']): string {
    return scope === 'CLOUDFRONT' ? 'us-east-1' : this.story.region;
  }
}

const complete = ['CREATE_COMPLETE', 'UPDATE_COMPLETE'];
const paused = ['CREATE_FAILED', 'UPDATE_FAILED'];
const deployable = [...complete, ...paused, 'UPDATE_ROLLBACK_COMPLETE'];

function nothing({ clock }: Account): Settled {
  return {
    ...{ keys: [], apiKeys: new Map(), previous: new Map(), at: clock.now() },
    ...{ skipped: new Set(), replacedForGood: new Set() },
  };
}

function kindOf({ domains, spelling, scope }: Key) {
  return { domains, spelling, scope };
}

function fresh(slot: number, version: number): Key {
  const wish = { domains: 0, spelling: 0, scope: 'REGIONAL' as const, rotation: 0 };
  const rest = { retain: false, keepsPrevious: false, existingApiKey: undefined };
  return { ...wish, ...rest, logicalId: `Key${slot}v${version}` };
}
