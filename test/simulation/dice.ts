/** Chance from a seed: the same numbers in every run. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 up to 1. */
  readonly next = (): number => {
    // mulberry32
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** Mostly near the least, now and then up to the most. */
  skewed(least: number, most: number): number {
    return least + Math.floor(this.next() ** 3 * (most - least + 1));
  }

  /** Dice of their own, so that more throws here change nothing there. */
  branch(name: string): Dice {
    let seed = this.state;
    for (const character of name) seed = (Math.imul(seed, 31) + character.charCodeAt(0)) >>> 0;
    return new Dice(seed);
  }
}
