/** Maps the time of a recording to that of its replay, which stands still or jumps now and then. */
export class Timeline {
  private readonly breaks: { from: number; offset: number }[];
  private readonly limits = new Set<number>();

  constructor(
    private readonly now: () => number,
    begin: number,
  ) {
    this.breaks = [{ from: Number.NEGATIVE_INFINITY, offset: now() - begin }];
  }

  /** The time of the recording that the replay has reached. */
  recordedNow(): number {
    return Math.min(this.unheldNow(), ...this.limits);
  }

  /** The time of the recording that it would have reached if nothing held it: for what was late to be seen. */
  unheldNow(): number {
    return this.now() - this.offset();
  }

  /** When a time of the recording was, or will be, in the replay. */
  replayedAt(recorded: number): number {
    const last = this.breaks.filter(({ from }) => from <= recorded).at(-1);
    return recorded + (last?.offset ?? 0);
  }

  /** Lets the recording go no further than this time until the result is called. */
  holdAt(recorded: number): () => void {
    this.limits.add(recorded);
    return () => {
      if (!this.limits.delete(recorded)) return;
      const waited = this.unheldNow() - recorded;
      if (waited > 0) this.breaks.push({ from: recorded, offset: this.offset() + waited });
    };
  }

  private offset(): number {
    return this.breaks.at(-1)?.offset ?? 0;
  }
}
