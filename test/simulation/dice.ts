import { seededRandom } from '../virtual-account/seeded-random';

/** Chance from a seed. */
export class Dice {
  /** From 0 up to 1. */
  readonly next: () => number;

  constructor(private readonly seed: number) {
    this.next = seededRandom(seed);
  }

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
    let { seed } = this;
    for (const character of name) seed = (Math.imul(seed, 31) + character.charCodeAt(0)) >>> 0;
    return new Dice(seed);
  }
}
