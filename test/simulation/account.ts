import type { DescribeStackEventsOutput, StackEvent } from '@aws-sdk/client-cloudformation';
import type { ListAPIKeysResponse } from '@aws-sdk/client-wafv2';
import { createHandler as libraryHandler } from '../../lambda/handler';
import { CloudFormation, type Stack } from '../../local-aws/cloudformation';
import { Wafv2 } from '../../local-aws/wafv2';
import { sdkError } from '../virtual-account/sdk-error';
import { slowResource } from '../virtual-account/slow-resource';
import { StackReads } from '../virtual-account/stack-reads';
import { VirtualClock } from '../virtual-account/virtual-clock';
import { callWaf } from '../virtual-account/waf-client';
import { Dice } from './dice';
import type { CreateHandler, Outside, WafCall } from './handler-environment';
import type { Conditions, History, ListConditions } from './history';
import { type Invocation, Ledger, resourceOf } from './ledger';
import { ResponseUrls } from './response-urls';
import { Roles } from './roles';
import { never, type Trouble, Troubles } from './troubles';
import { VirtualLambda } from './virtual-lambda';

/** The promises of the design. */
export type PromiseName = 'safe' | 'continuous' | 'restored' | 'clean' | 'live';

export interface Violation {
  readonly promise: PromiseName;
  readonly text: string;
}

/** An account in virtual time: the engine of CloudFormation, Lambda, WAF, and what goes wrong in them. */
export class Account {
  readonly clock = new VirtualClock();
  readonly startedAt = this.clock.now();
  readonly ledger = new Ledger(() => this.clock.now());
  readonly violations: Violation[] = [];
  readonly exceptions = new Map<string, number>();
  /** The resources that a rollback was continued without. */
  readonly skipped = new Set<string>();
  /** When the events of a stack became too old to be kept. */
  readonly eventsFrom = new Map<Stack, number>();
  readonly isRealHandler: boolean;
  readonly conditions: Conditions;
  readonly waf: Wafv2;
  readonly lambda: VirtualLambda;
  readonly cloudFormation: CloudFormation;
  readonly troubles: Troubles;
  readonly responses = new ResponseUrls(this);
  private readonly reads: StackReads;
  private readonly roles: Roles;

  constructor(
    { seed, conditions }: History,
    createHandler: CreateHandler,
    /** Takes the readable course of events, when somebody wants to read it. */
    private readonly lines?: string[],
  ) {
    const dice = new Dice(seed);
    this.isRealHandler = createHandler === libraryHandler;
    this.conditions = conditions;
    this.troubles = new Troubles(dice, conditions, () => this.clock.now() - this.startedAt);
    this.roles = new Roles(this.clock, dice.branch('roles'), conditions.roleLagMs);
    this.waf = new Wafv2({ random: dice.branch('keys').next, ...this.wafOptions(conditions) });
    this.lambda = new VirtualLambda({
      outside: roleArn => this.outsideOf(roleArn, dice.branch('jitter').next),
      createHandler,
      ledger: this.ledger,
      troubles: this.troubles,
      dice: dice.branch('lambda'),
      signsTheOldWay: conditions.signsTheOldWay,
    });
    this.cloudFormation = new CloudFormation({
      accountId: '000000000000',
      clock: this.clock,
      random: dice.branch('cloudformation').next,
      functions: this.lambda,
      parameters: new Map(),
      readObject: () => Buffer.alloc(0),
      responseUrl: token => `https://responses.example/${token}`,
      variants: conditions.variants,
      resourceTypes: new Map([
        ['AWS::IAM::Role', this.roles.type],
        ['Test::Neighbour', slowResource(this.clock)],
      ]),
    });
    const { recordLagMs, lagsEvenly, readsPerSecond } = conditions;
    const record = dice.branch('record');
    this.reads = new StackReads({
      engine: this.cloudFormation.engine,
      clock: this.clock,
      lagMs: () => (lagsEvenly ? recordLagMs : record.between(0, recordLagMs)),
      readsPerSecond,
      eventsFrom: stack => this.eventsFrom.get(stack) ?? 0,
      // small pages, so that lists have several: AWS gives a hundred
      eventsPerPage: 8,
      eventsShift: conditions.eventsShift,
      resourcesPerPage: 4,
    });
  }

  readonly violation = (promise: PromiseName, text: string): void => {
    this.violations.push({ promise, text });
    this.trace(() => `VIOLATION of ${promise}: ${text}`);
  };

  /** Counts something that the design names as an exception. */
  count(exception: string): void {
    this.exceptions.set(exception, (this.exceptions.get(exception) ?? 0) + 1);
    this.trace(() => `exception: ${exception}`);
  }

  readonly trace = (text: () => string): void => {
    this.lines?.push(`${((this.clock.now() - this.startedAt) / 1000).toFixed(3).padStart(10)} ${text()}`);
  };

  private wafOptions({ list, burst, refusedCallsCount, wafSkewMs }: Conditions) {
    const perSecond = { CreateAPIKey: 1, ListAPIKeys: 5 };
    return {
      clock: { now: () => this.clock.now() + wafSkewMs, sleep: this.clock.sleep.bind(this.clock) },
      quota: { perSecond, burst, refusedCallsCount },
      keyLength: 120,
      pageSize: list.pageSize,
      lastMarker: list.lastMarker,
      listLagMs: list.lagMs,
      answeredDomains: list.isRespelled ? respelled : undefined,
    };
  }

  private outsideOf(roleArn: string, random: () => number): Outside {
    const withRole = <T>(invocation: Invocation, call: () => Promise<T>): Promise<T> => {
      if (this.roles.allows(roleArn)) return call();
      invocation.troubles.add('role');
      if (invocation.creations.some(({ created }) => created)) invocation.deniedAt ??= this.clock.now();
      this.trace(() => `#${invocation.number} has no permissions`);
      return Promise.reject(sdkError('AccessDeniedException', 'not authorized'));
    };
    return {
      clock: this.clock,
      random,
      violation: this.violation,
      trace: this.trace,
      put: (url, body, invocation) => this.responses.put(url, body, invocation),
      waf: (call, invocation) => withRole(invocation, () => this.callWaf(call, invocation)),
      read: (region, operation, input, invocation) =>
        withRole(invocation, () =>
          this.through(this.troubles.withRead(isFurther(input)), invocation, operation, () =>
            this.withFurtherEvents(this.reads.read(region, operation, input)),
          ),
        ),
    };
  }

  /** Another event after the first one of an update, where the history has such. */
  private withFurtherEvents(output: DescribeStackEventsOutput): object {
    if (!this.conditions.furtherEvents || !output.StackEvents) return output;
    const isDoubled = ({ ResourceStatus, ResourceType }: StackEvent) =>
      ResourceStatus === 'UPDATE_IN_PROGRESS' && ResourceType?.startsWith('Custom::');
    const furtherTo = (event: StackEvent) => ({ ...event, EventId: `${event.EventId}-further` });
    const events = output.StackEvents.flatMap(event =>
      isDoubled(event) ? [furtherTo(event), event] : [event],
    );
    return { ...output, StackEvents: events };
  }

  private async callWaf(call: WafCall, invocation: Invocation): Promise<object> {
    const { operation, region, input } = call;
    const trouble = this.troubles.withWaf(operation, isFurther(input));
    if (call.creation && trouble.kind === 'lostRequest' && this.troubles.hasRival()) {
      const { Scope, TokenDomains }: { Scope?: 'REGIONAL'; TokenDomains?: string[] } = input;
      this.ledger.record(this.waf.createForeignKey(region, Scope ?? 'REGIONAL', TokenDomains ?? []));
      this.trace(() => `somebody creates a key for ${TokenDomains}`);
    }
    return this.through(trouble, invocation, operation, async () => {
      const { lastMarker, beginsEmpty } = this.conditions.list;
      const isStart = operation === 'ListAPIKeys' && !isFurther(input);
      if (isStart && beginsEmpty) return { APIKeySummaries: [], NextMarker: BEGINNING };
      const asked =
        'NextMarker' in input && input.NextMarker === BEGINNING ? without(input, 'NextMarker') : input;
      const answered = callWaf(this.waf, region, operation, asked);
      this.noteEffect(call, invocation);
      const output = await answered;
      const hasEnd = lastMarker === 'absent' || lastMarker === 'empty';
      return operation === 'ListAPIKeys' ? listed(output, this.conditions.list, hasEnd) : output;
    });
  }

  private noteEffect({ operation, input, creation }: WafCall, invocation: Invocation): void {
    const keys = this.waf.keys();
    const newest = keys.at(-1);
    if (creation && newest && !this.ledger.keys.has(newest.apiKey)) {
      creation.created = this.ledger.record(newest, invocation);
      this.trace(() => `#${invocation.number} created ${creation.created?.digest.slice(0, 6)}`);
    }
    if (operation !== 'DeleteAPIKey' || !('APIKey' in input)) return;
    const deleted = this.ledger.keys.get(String(input.APIKey));
    if (!deleted || deleted.goneAt !== undefined || keys.some(({ apiKey }) => apiKey === input.APIKey))
      return;
    const what = `#${invocation.number} deleted ${deleted.digest.slice(0, 6)}`;
    this.trace(() => what);
    this.ledger.noteSkipped(this.cloudFormation.engine.stacks);
    if (!this.ledger.mayDelete(invocation.event, deleted))
      this.violation('safe', `${what}, which it does not own`);
    else if (deleted.givenUpBy.has(resourceOf(invocation.event)))
      this.count('safe: RETAIN came with the fix of a replacement that had stopped at a failure');
    this.ledger.recordGone(deleted.key.apiKey, false);
  }

  private async through(
    trouble: Trouble,
    invocation: Invocation,
    operation: string,
    effect: () => object | Promise<object>,
  ): Promise<object> {
    await this.clock.sleep(trouble.delayMs);
    this.trace(() => `#${invocation.number} ${operation}${trouble.kind ? ` meets ${trouble.kind}` : ''}`);
    if (trouble.kind) invocation.troubles.add(trouble.kind);
    if (trouble.before) return trouble.before === 'hang' ? never() : Promise.reject(trouble.before);
    const output = await effect();
    await this.clock.sleep(trouble.responseDelayMs);
    if (trouble.after) return trouble.after === 'hang' ? never() : Promise.reject(trouble.after);
    return output;
  }
}

function isFurther(input: object): boolean {
  return (
    ('NextMarker' in input && Boolean(input.NextMarker)) || ('NextToken' in input && Boolean(input.NextToken))
  );
}

/** The marker of an empty first page. */
const BEGINNING = 'beginning';

function listed(
  output: ListAPIKeysResponse,
  { isUndated, endsWithUrl }: ListConditions,
  hasEnd: boolean,
): object {
  const { APIKeySummaries = [], NextMarker } = output;
  const shown = isUndated
    ? { ...output, APIKeySummaries: APIKeySummaries.map(summary => without(summary, 'CreationTimestamp')) }
    : output;
  return endsWithUrl && hasEnd && NextMarker ? without(shown, 'ApplicationIntegrationURL') : shown;
}

function without(value: object, name: string): object {
  return Object.fromEntries(Object.entries(value).filter(([other]) => other !== name));
}

function respelled(domains: readonly string[]): string[] {
  return [...domains].reverse().map(domain => domain.toUpperCase());
}
