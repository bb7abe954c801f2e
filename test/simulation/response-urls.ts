import type { CloudFormationCustomResourceEvent as Event } from 'aws-lambda';
import type { Attempt } from '../../lambda/protocol/response';
import { RESPONSE_URL_LIFE } from '../../lambda/timings';
import type { CloudFormation, Stack } from '../../local-aws/cloudformation';
import type { VirtualClock } from '../virtual-account/virtual-clock';
import type { Answer, Invocation, Ledger } from './ledger';
import { type Break, never, type Troubles } from './troubles';
import type { VirtualLambda } from './virtual-lambda';

/** What the URLs need of the account. */
interface Account {
  readonly clock: VirtualClock;
  readonly cloudFormation: CloudFormation;
  readonly lambda: VirtualLambda;
  readonly ledger: Ledger;
  readonly troubles: Troubles;
  trace(text: () => string): void;
  violation(promise: 'live' | 'safe', text: string): void;
}

/** The presigned URLs, and the check that CloudFormation is told of no key that is another's. */
export class ResponseUrls {
  /** Answers that CloudFormation took, by request. */
  readonly accepted = new Map<string, Answer>();
  private readonly refusals = new Map<string, ReturnType<Troubles['refusalOfResponses']>>();
  private readonly taken = new Map<string, number>();
  /** What an environment answered to an event that was waited for, which it has to remember. */
  private readonly answered = new Map<string, Answer>();

  constructor(private readonly account: Account) {}

  async put(url: string, body: Buffer, invocation: Invocation): Promise<Attempt> {
    const { clock, troubles, trace } = this.account;
    const trouble = troubles.withResponse();
    await clock.sleep(trouble.delayMs);
    if (trouble.kind) invocation.troubles.add(trouble.kind);
    if (trouble.before) {
      trace(() => `#${invocation.number} PUT goes wrong`);
      return notTaken(trouble.before);
    }
    const refusal = this.refusalBy(url, invocation);
    if (refusal !== undefined) {
      trace(() => `#${invocation.number} PUT is refused with ${refusal}`);
      return { status: refusal };
    }
    this.take(url, body, invocation);
    await clock.sleep(trouble.responseDelayMs);
    if (trouble.after) {
      trace(() => `#${invocation.number} the status of its PUT is lost`);
      // a status other than 2xx says that it was not taken
      return trouble.after === 'hang' ? never() : { error: 'socket hang up', mayHaveArrived: true };
    }
    return { status: 200 };
  }

  private refusalBy(url: string, { event, troubles }: Invocation): number | undefined {
    if (!this.refusals.has(url)) this.refusals.set(url, this.account.troubles.refusalOfResponses());
    const refusal = this.refusals.get(url);
    const sentAt =
      this.account.lambda.sent.find(sent => sent.event.RequestId === event.RequestId)?.sentAt ?? 0;
    const isExpired = this.account.clock.now() > sentAt + RESPONSE_URL_LIFE;
    const isRefused = refusal && (refusal.isFromTheStart || this.taken.has(url));
    if (!isRefused && !isExpired) return undefined;
    troubles.add('putRefused');
    return refusal?.status ?? 403;
  }

  private take(url: string, body: Buffer, invocation: Invocation): void {
    const { cloudFormation, ledger, trace, violation } = this.account;
    const { event, number, environment } = invocation;
    const answer: Answer = JSON.parse(body.toString());
    this.taken.set(url, number);
    cloudFormation.answer(new URL(url).pathname.slice(1), body);
    const isAccepted = cloudFormation.answers.at(-1)?.accepted === true;
    const { Status, Reason = '', PhysicalResourceId: id } = answer;
    trace(() => `#${number} answers ${Status} ${Reason}${isAccepted ? '' : ', which nobody waits for'}`);
    const occasion = `${environment} ${answer.RequestId}`;
    const before = this.answered.get(occasion);
    // what named a key that had to be undone is not said again
    const isUndone = ledger.named(before?.PhysicalResourceId ?? '').some(key => key.goneAt !== undefined);
    const isOther = before && (before.Status !== Status || before.PhysicalResourceId !== id);
    if (isOther && !isUndone) violation('live', `#${number} answered in two ways`);
    if (!isAccepted) return;
    this.answered.set(occasion, answer);
    this.accepted.set(answer.RequestId, answer);
    ledger.noteSkipped(cloudFormation.engine.stacks);
    if (event.RequestType === 'Delete') {
      if (Status === 'SUCCESS')
        ledger.noteDeletion(event, event.PhysicalResourceId, {
          isUsed: apiKey => this.isUsed(event, apiKey),
          isRecorded: other =>
            cloudFormation.engine.stacks.some(({ events }) =>
              events.some(({ physicalId }) => physicalId === other),
            ),
        });
      return;
    }
    const [known] = ledger.named(id);
    const returned = answer.Data?.APIKey;
    if (Status === 'SUCCESS' && returned !== undefined) {
      const key = ledger.keys.get(returned);
      const isNamed = event.ResourceProperties.ExistingApiKey === returned;
      if (!key || (!isNamed && !ledger.mayReturn(event, key)))
        violation('safe', `#${number} hands out ${key?.digest.slice(0, 6) ?? 'an unknown key'}`);
      else ledger.noteCopy(event, id, key);
    } else if (known && known.creator?.event.RequestId === event.RequestId) {
      // a failure that names the key which it could not delete
      ledger.noteCopy(event, id, known);
    }
  }

  /** Whether a resource of the stack uses a key, or used it before this update. */
  private isUsed({ StackId, LogicalResourceId }: Event, apiKey: string): boolean {
    const stack = this.account.cloudFormation.engine.stacks.find(({ id }) => id === StackId);
    if (!stack || isStackGoing(stack)) return false;
    const others = [...(stack.settled?.resources.values() ?? [])].filter(
      ({ logicalId }) => logicalId !== LogicalResourceId,
    );
    return [...others, ...stack.resources.values()].some(({ attributes }) => attributes.APIKey === apiKey);
  }
}

function isStackGoing({ status }: Stack): boolean {
  return /^(DELETE|ROLLBACK)_/.test(status);
}

function notTaken(how: Break): Promise<Attempt> {
  if (how === 'hang') return never();
  if ('$metadata' in how) return Promise.resolve({ status: Object(how.$metadata).httpStatusCode });
  return Promise.resolve({ error: how.message, mayHaveArrived: false });
}
