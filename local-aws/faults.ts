import { AwsError } from './aws-error';
import type { Clock } from './clock';

/** A connection that is never answered (`hang`) or closed without an answer (`cut`). */
export class ConnectionFault extends Error {
  constructor(readonly kind: 'hang' | 'cut') {
    super(`injected fault: ${kind}`);
    this.name = 'ConnectionFault';
  }
}

/** Whether the call's effect has happened by the time the caller sees the fault. */
export type Moment = 'before' | 'after';

/** What goes wrong with one call. */
export interface Fault {
  readonly error?: { readonly moment: Moment; readonly cause: AwsError | ConnectionFault };
  readonly delayMs?: number;
}

export const throttled = (): Fault => failing('before', new AwsError('ThrottlingException', 'Rate exceeded'));

export const failed = (status: number, code: string, moment: Moment, message = `injected ${code}`): Fault =>
  failing(moment, new AwsError(code, message, status));

export const accessDenied = (action: string): Fault => {
  const message = `User: arn:aws:sts::123456789012:assumed-role/local is not authorized to perform: ${action}`;
  return failing('before', new AwsError('AccessDeniedException', message));
};

export const hanging = (moment: Moment): Fault => failing(moment, new ConnectionFault('hang'));

export const cut = (moment: Moment): Fault => failing(moment, new ConnectionFault('cut'));

export const slow = (delayMs: number): Fault => ({ delayMs });

/** Decides, call by call, what goes wrong: first the oldest matching queued fault, then the standing rules. */
export class Faults<Call extends { readonly operation: string }> {
  private readonly queues = new Map<string, Fault[]>();
  private readonly rules = new Set<(call: Call) => Fault | undefined>();

  constructor(private readonly clock: Clock) {}

  /** The next `times` calls of `operation` meet `fault`. */
  next(operation: string, fault: Fault, times = 1): void {
    const queue = this.queues.get(operation) ?? [];
    this.queues.set(operation, [...queue, ...Array<Fault>(times).fill(fault)]);
  }

  /** Every call of `operation` meets `fault` during the next `durationMs`. */
  during(durationMs: number, operation: string, fault: Fault): void {
    const end = this.clock.now() + durationMs;
    this.when(call => (call.operation === operation && this.clock.now() < end ? fault : undefined));
  }

  /** Asks `decide` at every call; the returned function takes the rule back. */
  when(decide: (call: Call) => Fault | undefined): () => void {
    this.rules.add(decide);
    return () => this.rules.delete(decide);
  }

  /** Runs `effect` under the fault that is due for `call`, if any. */
  async run<Result>(call: Call, effect: () => Result): Promise<Awaited<Result>> {
    const { error, delayMs } = this.decide(call) ?? {};
    if (delayMs) await this.clock.sleep(delayMs);
    if (error?.moment === 'before') throw error.cause;
    const result = await effect();
    if (error?.moment === 'after') throw error.cause;
    return result;
  }

  private decide(call: Call): Fault | undefined {
    const queued = this.queues.get(call.operation)?.shift();
    if (queued) return queued;
    for (const rule of this.rules) {
      const fault = rule(call);
      if (fault) return fault;
    }
    return undefined;
  }
}

function failing(moment: Moment, cause: AwsError | ConnectionFault): Fault {
  return { error: { moment, cause } };
}
