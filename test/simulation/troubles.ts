import { AwsError } from '../../local-aws/aws-error';
import { ConnectionFault } from '../../local-aws/faults';
import type { Dice } from './dice';
import type { Rates } from './history';

/** What happens around one call. */
export interface Trouble {
  /** Names what goes wrong; absent when nothing does. */
  readonly kind?: keyof Rates | 'outage';
  readonly delayMs: number;
  /** Comes instead of the effect. */
  readonly before?: AwsError | ConnectionFault;
  /** How long the answer takes. */
  readonly answerDelayMs: number;
  /** Comes instead of the answer. */
  readonly after?: AwsError | ConnectionFault;
}

/** Throws the dice over each call, in its own order for each kind of call. */
export class Troubles {
  private isOver = false;
  private readonly waf: Dice;
  private readonly events: Dice;
  private readonly responses: Dice;
  private readonly environments: Dice;

  constructor(
    dice: Dice,
    private readonly rates: Rates,
  ) {
    this.waf = dice.branch('waf');
    this.events = dice.branch('events');
    this.responses = dice.branch('responses');
    this.environments = dice.branch('environments');
  }

  /** Lets everything go well from now on. */
  end(): void {
    this.isOver = true;
  }

  /** `isNew` says that a key was made only just now, `isOut` that WAF is out of order. */
  withWaf(operation: string, isNew: boolean, isOut: boolean): Trouble {
    const dice = this.waf;
    const way = latency(dice, 300);
    if (isOut && !this.isOver) return { ...way, kind: 'outage', before: broken(dice) };
    const is = (kind: keyof Rates) => this.comes(kind, dice);
    if (is('throttled')) return { ...way, kind: 'throttled', before: throttled() };
    if (is('refused')) return { ...way, kind: 'refused', before: refusal(operation) };
    if (is('lostRequest')) return { ...way, kind: 'lostRequest', before: broken(dice) };
    if (is('lostAnswer')) return { ...way, kind: 'lostAnswer', after: broken(dice) };
    if (is('slow')) return { ...way, kind: 'slow', ...slow(dice) };
    const conflict = operation === 'GetDecryptedAPIKey' && !isNew ? undefined : conflicts[operation];
    if (conflict && is('conflict')) return { ...way, kind: 'conflict', before: conflict };
    return way;
  }

  withEvents(): Trouble {
    const dice = this.events;
    const way = latency(dice, 300);
    if (!this.comes('eventsFail', dice)) return way;
    return { ...way, kind: 'eventsFail', before: dice.chance(0.5) ? throttling() : broken(dice) };
  }

  withResponse(): Trouble {
    const dice = this.responses;
    const way = latency(dice, 200);
    if (!this.comes('put', dice)) return way;
    const fault = { kind: 'put' as const, [dice.chance(0.5) ? 'before' : 'after']: broken(dice) };
    return dice.chance(0.2) ? { ...way, kind: 'put', ...slow(dice) } : { ...way, ...fault };
  }

  refusesResponses(): boolean {
    return this.comes('putRefused', this.responses);
  }

  /** At which of its steps an invocation dies. */
  stepToDieAt(): number | undefined {
    return this.comes('killed', this.environments) ? this.environments.skewed(1, 40) : undefined;
  }

  repeats(): boolean {
    return this.comes('repeated', this.environments);
  }

  /** How long an event waits until Lambda takes it up. */
  queueDelay(): number {
    const dice = this.environments;
    return this.comes('late', dice) ? dice.skewed(1000, 1_500_000) : dice.skewed(10, 500);
  }

  private comes(kind: keyof Rates, dice: Dice): boolean {
    const thrown = dice.next();
    return !this.isOver && thrown < this.rates[kind];
  }
}

function latency(dice: Dice, most: number): { delayMs: number; answerDelayMs: number } {
  return { delayMs: dice.skewed(5, most), answerDelayMs: dice.skewed(5, most) };
}

function slow(dice: Dice): Partial<Trouble> {
  const delay = dice.between(2000, 25_000);
  return dice.chance(0.5) ? { delayMs: delay } : { answerDelayMs: delay };
}

function broken(dice: Dice): AwsError | ConnectionFault {
  const thrown = dice.next();
  if (thrown < 0.4) return new AwsError('WAFInternalErrorException', 'injected', 500);
  if (thrown < 0.6) return new AwsError('ServiceUnavailable', 'injected', 503);
  return new ConnectionFault(thrown < 0.8 ? 'cut' : 'hang');
}

function throttled(): AwsError {
  return new AwsError('ThrottlingException', 'Rate exceeded');
}

function throttling(): AwsError {
  return new AwsError('Throttling', 'Rate exceeded');
}

function refusal(operation: string): AwsError {
  return operation === 'CreateAPIKey'
    ? new AwsError('WAFLimitsExceededException', 'injected')
    : new AwsError('WAFInvalidOperationException', 'injected');
}

const conflicts: Readonly<Record<string, AwsError | undefined>> = {
  DeleteAPIKey: new AwsError('WAFOptimisticLockException', 'injected'),
  GetDecryptedAPIKey: new AwsError('WAFNonexistentItemException', 'injected'),
};
