import type { Answer } from '../../lambda/answer';
import { AwsError } from '../../local-aws/aws-error';
import type { Clock } from '../../local-aws/clock';
import type { CloudFormation } from '../../local-aws/cloudformation';
import { type Invocation, type Ledger, type MadeKey, resourceOf } from './ledger';
import type { Troubles } from './troubles';

interface Receiver {
  readonly clock: Clock;
  readonly cloudFormation: CloudFormation;
  readonly ledger: Ledger;
  readonly troubles: Troubles;
  count(exception: string): void;
  trace(text: () => string): void;
  violation(rule: number, text: string): void;
}

/** The presigned URLs, and the first rule: what CloudFormation takes, and what is deleted, is the resource's own. */
export class ResponseUrls {
  private readonly refusing = new Map<string, boolean>();
  private readonly answered = new Map<string, string>();
  /** Answers that CloudFormation took, by request. */
  readonly accepted = new Map<string, Answer>();
  /** And whose they were. */
  readonly acceptedFrom = new Map<string, Invocation>();

  constructor(private readonly to: Receiver) {}

  async put(url: string, body: Buffer, invocation: Invocation): Promise<number> {
    const { clock, troubles, trace } = this.to;
    const trouble = troubles.withResponse();
    await clock.sleep(trouble.delayMs);
    trace(() => `#${invocation.number} PUT${trouble.kind ? ' goes wrong' : ''}`);
    if (trouble.kind) invocation.troubles.add(trouble.kind);
    if (trouble.before instanceof AwsError) return trouble.before.status;
    if (trouble.before) return this.broken(trouble.before.kind);
    if (this.refuses(url, invocation)) return 403;
    this.take(url, body, invocation);
    await clock.sleep(trouble.answerDelayMs);
    if (trouble.after instanceof AwsError) return trouble.after.status;
    if (trouble.after) return this.broken(trouble.after.kind);
    return 200;
  }

  /** The first rule at a deletion. */
  checkDeletion({ key, digest }: MadeKey, { number, event }: Invocation): void {
    const { ledger, cloudFormation, violation } = this.to;
    const what = `#${number} deleted ${digest.slice(0, 6)}`;
    if (ledger.isShared(key.apiKey)) this.to.count('a key deleted by coincidence');
    if (!ledger.owns(resourceOf(event), key.apiKey)) {
      violation(1, `${what}, which belongs to ${ledger.ownerOf(key.apiKey) ?? 'nobody here'}`);
    }
    const named = cloudFormation.engine.stacks
      .flatMap(stack => [...stack.resources.values()])
      .some(({ properties }) => properties.ExistingApiKey === key.apiKey);
    if (ledger.isShared(key.apiKey)) return;
    if (named || event.ResourceProperties.ExistingApiKey === key.apiKey) {
      violation(1, `${what}, which ExistingApiKey names`);
    }
  }

  private refuses(url: string, { event, troubles }: Invocation): boolean {
    const isKnown = this.refusing.get(url);
    const isRefused = isKnown ?? this.to.troubles.refusesResponses();
    this.refusing.set(url, isRefused);
    const sentAt = /X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(event.ResponseURL) ?? [];
    const [, year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = sentAt.map(Number);
    const isExpired = this.to.clock.now() - Date.UTC(year, month - 1, day, hour, minute, second) > 7_200_000;
    if (isRefused) troubles.add('putRefused');
    return isRefused || isExpired;
  }

  private take(url: string, body: Buffer, invocation: Invocation): void {
    const { cloudFormation, trace, violation } = this.to;
    const answer: Answer = JSON.parse(body.toString());
    // an environment remembers its answers
    const occasion = `${invocation.environment} ${answer.RequestId}`;
    const before = this.answered.get(occasion) ?? body.toString();
    if (before !== body.toString()) violation(5, `#${invocation.number} answered in two ways`);
    this.answered.set(occasion, before);
    cloudFormation.answer(new URL(url).pathname.slice(1), body);
    const isAccepted = cloudFormation.answers.at(-1)?.accepted === true;
    trace(
      () => `#${invocation.number} answers ${answer.Status}${isAccepted ? '' : ', which nobody waits for'}`,
    );
    if (!isAccepted) return;
    this.accepted.set(answer.RequestId, answer);
    this.acceptedFrom.set(answer.RequestId, invocation);
    if (answer.Status === 'SUCCESS' && answer.Data?.APIKey)
      this.checkHandingOut(answer.Data.APIKey, invocation);
  }

  private checkHandingOut(apiKey: string, { number, event }: Invocation): void {
    const { ledger } = this.to;
    const resource = resourceOf(event);
    // a rollback that goes on may not tell where from
    const isHandedOver =
      event.RequestType === 'Update' &&
      (event.OldResourceProperties.ExistingApiKey === apiKey || ledger.wasHandedOver(apiKey, resource));
    if (event.ResourceProperties.ExistingApiKey === apiKey) ledger.takeBack(apiKey);
    else if (isHandedOver) ledger.handOver(apiKey, resource);
    else if (!ledger.owns(resource, apiKey)) this.refuse(apiKey, number);
  }

  private refuse(apiKey: string, number: number): void {
    const { ledger, violation } = this.to;
    const found = ledger.keys.get(apiKey)?.digest.slice(0, 6) ?? 'unknown';
    violation(
      1,
      `#${number} hands out ${found}, which belongs to ${ledger.ownerOf(apiKey) ?? 'nobody here'}`,
    );
  }

  private broken(kind: 'hang' | 'cut'): Promise<never> {
    return kind === 'cut' ? Promise.reject(new Error('socket hang up')) : new Promise(() => undefined);
  }
}
