import { AwsError, jsonError, queryError } from '../../local-aws/aws-error';
import { CloudFormation, type ResourceType } from '../../local-aws/cloudformation';
import type { Service, ServiceRequest, ServiceResponse } from '../../local-aws/service';
import { Wafv2 } from '../../local-aws/wafv2';
import { VirtualClock } from '../virtual-clock';
import { Dice } from './dice';
import { eventsApi } from './events-api';
import type { CreateHandler, Outside } from './handler-environment';
import type { Conditions, History } from './history';
import { type CreationCall, type Invocation, Ledger } from './ledger';
import { libraryHandler } from './library-handler';
import { ResponseUrls } from './response-urls';
import { Roles } from './roles';
import { type Trouble, Troubles } from './troubles';
import { VirtualLambda } from './virtual-lambda';

/** A rule of the promise that was broken. */
export interface Violation {
  readonly rule: number;
  readonly text: string;
}

/** An account in virtual time: the engine of CloudFormation, Lambda, WAF, and what goes wrong in them. */
export class Account {
  readonly clock = new VirtualClock();
  readonly ledger: Ledger;
  readonly violations: Violation[] = [];
  readonly exceptions = new Map<string, number>();
  readonly isRealHandler: boolean;
  readonly waf: Wafv2;
  readonly lambda: VirtualLambda;
  readonly cloudFormation: CloudFormation;
  readonly troubles: Troubles;
  readonly responses: ResponseUrls;
  readonly conditions: Conditions;
  private readonly roles: Roles;
  private readonly events: Service;
  private readonly startedAt = this.clock.now();

  constructor(
    { seed, conditions }: History,
    createHandler: CreateHandler,
    /** Takes the readable course of events, when somebody wants to read it. */
    private readonly lines?: string[],
  ) {
    const dice = new Dice(seed);
    this.ledger = new Ledger(() => this.clock.now());
    this.isRealHandler = createHandler === libraryHandler;
    this.conditions = conditions;
    this.troubles = new Troubles(dice, conditions.rates);
    this.roles = new Roles(this.clock, dice.branch('roles'), conditions.roleLagMs);
    this.waf = new Wafv2({ random: dice.branch('keys').next, ...this.wafOptions(conditions) });
    this.lambda = new VirtualLambda({
      outside: roleArn => this.outsideOf(roleArn, dice.branch('jitter').next),
      createHandler,
      ledger: this.ledger,
      troubles: this.troubles,
      dice: dice.branch('lambda'),
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
        ['Test::Neighbour', neighbour(this.clock)],
      ]),
    });
    const { engine } = this.cloudFormation;
    this.events = eventsApi(engine, () => this.clock.now(), conditions);
    this.responses = new ResponseUrls(this);
  }

  readonly violation = (rule: number, text: string): void => {
    this.violations.push({ rule, text });
    this.trace(() => `VIOLATION of rule ${rule}: ${text}`);
  };

  /** Counts something that a rule allows as an exception. */
  count(exception: string): void {
    this.exceptions.set(exception, (this.exceptions.get(exception) ?? 0) + 1);
    this.trace(() => `exception: ${exception}`);
  }

  readonly trace = (text: () => string): void => {
    this.lines?.push(`${((this.clock.now() - this.startedAt) / 1000).toFixed(3).padStart(10)} ${text()}`);
  };

  private wafOptions({ pageSize, lastMarker, listLagMs, ...rest }: Conditions) {
    const { burst, refusedCallsCount, otherSpelling, wafSkewMs } = rest;
    const perSecond = { CreateAPIKey: 1, GetDecryptedAPIKey: 5, ListAPIKeys: 5 };
    return {
      clock: { now: () => this.clock.now() + wafSkewMs, sleep: this.clock.sleep.bind(this.clock) },
      quota: { perSecond, burst, refusedCallsCount },
      keyLength: 120,
      pageSize,
      lastMarker,
      listLagMs,
      answeredDomains: otherSpelling ? spelledOtherwise : undefined,
    };
  }

  private outsideOf(roleArn: string, random: () => number): Outside {
    const isDenied = (invocation: Invocation) => {
      if (this.roles.allows(roleArn)) return false;
      invocation.troubles.add('denied');
      if (invocation.creations.some(({ made }) => made)) invocation.deniedAt ??= this.clock.now();
      this.trace(() => `#${invocation.number} is denied`);
      return true;
    };
    return {
      clock: this.clock,
      random,
      withSdk: this.conditions.withSdk,
      violation: this.violation,
      trace: this.trace,
      put: (url, body, invocation) => this.responses.put(url, body, invocation),
      waf: (request, invocation, creation) =>
        isDenied(invocation)
          ? Promise.resolve(jsonError(new AwsError('AccessDeniedException', 'not authorized')))
          : this.answerWaf(request, invocation, creation),
      events: async (request, invocation) => {
        const isRefused = this.conditions.eventsDenied;
        if (!isDenied(invocation) && !isRefused) return this.answerEvents(request, invocation);
        if (isRefused) invocation.troubles.add('eventsDenied');
        return queryError(new AwsError('AccessDenied', 'not authorized', 403));
      },
    };
  }

  private async answerWaf(
    request: ServiceRequest,
    invocation: Invocation,
    creation?: CreationCall,
  ): Promise<ServiceResponse> {
    const operation = request.headers['x-amz-target']?.split('.')[1] ?? '';
    const { APIKey = '' }: { APIKey?: string } = JSON.parse(request.body.toString());
    const madeAt = this.ledger.keys.get(APIKey)?.madeAt ?? 0;
    const trouble = this.troubles.withWaf(operation, this.clock.now() - madeAt < 10_000, this.isOut);
    const describe = () =>
      `#${invocation.number} ${operation}${trouble.kind ? ` meets ${trouble.kind}` : ''}`;
    const answer = await this.through(trouble, invocation, describe, jsonError, () => {
      const effect = this.waf.service(request);
      // the effect, if there is one, has happened by now: WAF has nothing to wait for
      this.noteEffect(operation, request, invocation, creation);
      return effect;
    });
    const { APIKeySummaries = [] }: { APIKeySummaries?: { APIKey: string }[] } = JSON.parse(
      String(answer.body),
    );
    for (const listed of APIKeySummaries) invocation.seen.add(listed.APIKey);
    return answer;
  }

  private get isOut(): boolean {
    const { outage } = this.conditions;
    const since = this.clock.now() - this.startedAt;
    return outage !== undefined && since >= outage.fromMs && since < outage.toMs;
  }

  private noteEffect(
    operation: string,
    { body }: ServiceRequest,
    invocation: Invocation,
    creation?: CreationCall,
  ): void {
    const keys = this.waf.keys();
    const newest = keys.at(-1);
    if (creation && newest && !this.ledger.keys.has(newest.apiKey)) {
      creation.made = this.ledger.record(newest, invocation);
      this.trace(() => `#${invocation.number} made ${creation.made?.digest.slice(0, 6)}`);
    }
    if (operation !== 'DeleteAPIKey') return;
    const { APIKey }: { APIKey: string } = JSON.parse(body.toString());
    const deleted = this.ledger.keys.get(APIKey);
    if (!deleted || deleted.goneAt !== undefined || keys.some(({ apiKey }) => apiKey === APIKey)) return;
    this.responses.checkDeletion(deleted, invocation);
    this.ledger.recordGone(APIKey, false);
    this.trace(() => `#${invocation.number} deleted ${deleted.digest.slice(0, 6)}`);
  }

  private answerEvents(request: ServiceRequest, invocation: Invocation): Promise<ServiceResponse> {
    const trouble = this.troubles.withEvents();
    const describe = () => `#${invocation.number} reads events${trouble.kind ? ', which fails' : ''}`;
    return this.through(trouble, invocation, describe, queryError, () => this.events(request));
  }

  private async through(
    trouble: Trouble,
    invocation: Invocation,
    describe: () => string,
    refusal: (error: AwsError) => ServiceResponse,
    effect: () => Promise<ServiceResponse>,
  ): Promise<ServiceResponse> {
    await this.clock.sleep(trouble.delayMs);
    this.trace(describe);
    if (trouble.kind) invocation.troubles.add(trouble.kind);
    if (trouble.before instanceof AwsError) return refusal(trouble.before);
    if (trouble.before) throw trouble.before;
    const answer = await effect();
    await this.clock.sleep(trouble.answerDelayMs);
    if (trouble.after instanceof AwsError) return refusal(trouble.after);
    if (trouble.after) throw trouble.after;
    return answer;
  }
}

function spelledOtherwise(domains: readonly string[]): string[] {
  return [...domains].reverse().map(domain => domain.toUpperCase());
}

/** A resource that takes its time and then fails, if it is told to. */
function neighbour(clock: VirtualClock): ResourceType {
  const work: ResourceType['create'] = async ({ logicalId, properties, signal }) => {
    await clock.sleep(Number(properties.Ms), signal);
    if (properties.Fails === true) throw new Error(`${logicalId} was told to fail`);
    return { physicalId: logicalId, attributes: {} };
  };
  return { create: work, update: work, delete: async () => undefined };
}
