import { sdkError } from '../virtual-account/sdk-error';
import type { Dice } from './dice';
import type { Conditions, Rates, Span } from './history';

/** Never answered, or an error as the SDK gives it. */
export type Break = 'hang' | Error;

/** What happens around one call. */
export interface Trouble {
  /** Names what goes wrong; absent when nothing does. */
  readonly kind?: keyof Rates | 'out' | 'denied';
  readonly delayMs: number;
  /** Comes instead of the effect. */
  readonly before?: Break;
  /** How long the response takes. */
  readonly responseDelayMs: number;
  /** Comes instead of the response. */
  readonly after?: Break;
}

/** Throws the dice over each call, in its own order for each kind of call. */
export class Troubles {
  private isOver = false;
  private readonly waf: Dice;
  private readonly reads: Dice;
  private readonly responses: Dice;
  private readonly environments: Dice;

  constructor(
    dice: Dice,
    private readonly conditions: Conditions,
    /** Milliseconds since the history began. */
    private readonly elapsed: () => number,
  ) {
    this.waf = dice.branch('waf');
    this.reads = dice.branch('reads');
    this.responses = dice.branch('responses');
    this.environments = dice.branch('environments');
  }

  /** Lets everything go well from now on; what is denied for good stays denied. */
  end(): void {
    this.isOver = true;
  }

  /** `isFurther` for a page of a list that is asked for by what the one before gave. */
  withWaf(operation: string, isFurther: boolean): Trouble {
    const dice = this.waf;
    const way = latency(dice, 300);
    if (!this.isOver && this.isWithin(this.conditions.wafOut))
      return { ...way, kind: 'out', before: broken(dice) };
    const is = (kind: keyof Rates) => this.comes(kind, dice);
    if (is('throttled')) return { ...way, kind: 'throttled', before: throttled() };
    if (operation === 'CreateAPIKey' && is('refused')) {
      const before = sdkError('WAFLimitsExceededException', 'injected', 400);
      return { ...way, kind: 'refused', before };
    }
    if (is('lostRequest')) {
      const isRefused = isFurther && dice.chance(0.05);
      const before = isRefused ? sdkError('WAFInvalidParameterException', 'injected', 400) : broken(dice);
      return { ...way, kind: 'lostRequest', before };
    }
    if (is('lostResponse')) return { ...way, kind: 'lostResponse', after: broken(dice) };
    if (is('slow')) return { ...way, kind: 'slow', ...slow(dice) };
    if (operation === 'DeleteAPIKey' && is('conflict')) {
      const before = sdkError('WAFOptimisticLockException', 'injected', 400);
      return { ...way, kind: 'conflict', before };
    }
    return way;
  }

  /** Whether somebody creates a key for the same domains in the moment in which a creation is lost. */
  hasRival(): boolean {
    return !this.isOver && this.waf.chance(0.3);
  }

  withRead(isFurther: boolean): Trouble {
    const dice = this.reads;
    const way = latency(dice, 300);
    const { readsOut } = this.conditions;
    if (readsOut && this.isWithin(readsOut)) {
      if (readsOut.how === 'denied')
        return { ...way, kind: 'denied', before: sdkError('AccessDenied', 'not authorized', 403) };
      if (!this.isOver)
        return { ...way, kind: 'out', before: readsOut.how === 'throttled' ? throttled() : broken(dice) };
    }
    if (!this.comes('reads', dice)) return way;
    if (isFurther && dice.chance(0.1))
      return { ...way, kind: 'reads', before: sdkError('ValidationError', 'injected', 400) };
    return { ...way, kind: 'reads', before: dice.chance(0.5) ? throttled() : broken(dice) };
  }

  withResponse(): Trouble {
    const dice = this.responses;
    const way = latency(dice, 200);
    if (!this.comes('put', dice)) return way;
    const fault = { kind: 'put' as const, [dice.chance(0.5) ? 'before' : 'after']: broken(dice) };
    return dice.chance(0.2) ? { ...way, kind: 'put', ...slow(dice) } : { ...way, ...fault };
  }

  /** The status with which a URL refuses all responses, or from the second on. */
  refusalOfResponses(): { readonly status: number; readonly isFromTheStart: boolean } | undefined {
    const dice = this.responses;
    if (!this.comes('putRefused', dice)) return undefined;
    const status = [403, 403, 400, 404, 410, 307][dice.between(0, 5)] ?? 403;
    return { status, isFromTheStart: dice.chance(0.5) };
  }

  /** At which of its steps an invocation dies. */
  stepToDieAt(): number | undefined {
    return this.comes('killed', this.environments) ? this.environments.skewed(1, 60) : undefined;
  }

  repeats(): boolean {
    return this.comes('repeated', this.environments);
  }

  /** How long an event waits until Lambda takes it up. */
  queueDelay(): number {
    const dice = this.environments;
    if (!this.comes('late', dice)) return dice.skewed(10, 500);
    return dice.skewed(1000, dice.chance(0.1) ? 7_000_000 : 1_500_000);
  }

  private isWithin(span: Span | undefined): boolean {
    const elapsed = this.elapsed();
    return span !== undefined && elapsed >= span.fromMs && elapsed < span.toMs;
  }

  private comes(kind: keyof Rates, dice: Dice): boolean {
    const thrown = dice.next();
    return !this.isOver && thrown < this.conditions.rates[kind];
  }
}

function latency(dice: Dice, most: number): { delayMs: number; responseDelayMs: number } {
  return { delayMs: dice.skewed(5, most), responseDelayMs: dice.skewed(5, most) };
}

function slow(dice: Dice): Partial<Trouble> {
  const delay = dice.between(2000, 25_000);
  return dice.chance(0.5) ? { delayMs: delay } : { responseDelayMs: delay };
}

function broken(dice: Dice): Break {
  const thrown = dice.next();
  if (thrown < 0.4) return sdkError('InternalError', 'injected', 500);
  if (thrown < 0.6) return sdkError('ServiceUnavailable', 'injected', 503);
  // the name is what the SDK's own handler gives to a reset connection
  return thrown < 0.8 ? Object.assign(new Error('socket hang up'), { name: 'TimeoutError' }) : 'hang';
}

function throttled(): Error {
  return sdkError('ThrottlingException', 'Rate exceeded', 400);
}

/** What is never answered. */
export function never(): Promise<never> {
  return new Promise(() => undefined);
}
