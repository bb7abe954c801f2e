/** How often an operation was called. */
export interface Count {
  readonly accepted: number;
  readonly refused: number;
}

/** The calls of AWS, in order. */
export class Calls {
  private all: { readonly operation: string; readonly isAccepted: boolean }[] = [];

  public add(operation: string, isAccepted: boolean): void {
    this.all.push({ operation, isAccepted });
  }

  /** The calls since the last time, of which nothing is kept. */
  public take(): { readonly accepted: readonly string[]; count(operation: string): Count } {
    const taken = this.all;
    this.all = [];
    return {
      accepted: taken.filter(({ isAccepted }) => isAccepted).map(({ operation }) => operation),
      count: operation => {
        const of = taken.filter(call => call.operation === operation);
        const accepted = of.filter(({ isAccepted }) => isAccepted).length;
        return { accepted, refused: of.length - accepted };
      },
    };
  }
}
