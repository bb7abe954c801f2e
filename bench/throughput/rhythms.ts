import { type Rhythm, steps } from '../../lambda/rhythm';

const SECOND = 1000;
const STEP = 1050;

/** The handler's own rhythm, and the others that were tried. */
export const rhythms: Readonly<Record<string, Rhythm>> = {
  '**steps, thinning out with the time waited**': steps,
  'steps, an attempt at each': { ...steps, pauseAfter: ({ now }) => untilStep(now) },
  'steps, an attempt at one of the next ten': {
    ...steps,
    pauseAfter: ({ now, random }) => untilStep(now) + STEP * Math.floor(10 * random()),
  },
  'no steps, thinning out with the time waited': atAnyTime(
    ({ waited, random }) => 2 * random() * Math.max(SECOND, 0.03 * waited),
  ),
  'equal jitter, 1 s doubling to 10 s': atAnyTime(
    ({ attempts, random }) => (doubled(attempts) / 2) * (1 + random()),
  ),
  'full jitter, 1 s doubling to 10 s': atAnyTime(({ attempts, random }) => doubled(attempts) * random()),
  'decorrelated jitter, 1 s to 10 s': decorrelated(),
  '1 s, more or less by half': atAnyTime(({ random }) => SECOND * (0.5 + random())),
  '10 s, more or less by half': atAnyTime(({ random }) => 10 * SECOND * (0.5 + random())),
};

function atAnyTime(pauseAfter: Rhythm['pauseAfter']): Rhythm {
  return { pauseAfter, untilTurn: () => 0 };
}

/** Up to three times as long as the pause before; an approximation, since a rhythm remembers nothing. */
function decorrelated(): Rhythm {
  return atAnyTime(({ attempts, random }) => {
    let pause = SECOND;
    for (let attempt = 0; attempt < Math.min(attempts, 10); attempt += 1) {
      pause = Math.min(10 * SECOND, SECOND + random() * (3 * pause - SECOND));
    }
    return pause;
  });
}

function doubled(attempts: number): number {
  return Math.min(10 * SECOND, SECOND * 2 ** (attempts - 1));
}

function untilStep(now: number): number {
  return STEP - ((now + STEP / 2) % STEP);
}
