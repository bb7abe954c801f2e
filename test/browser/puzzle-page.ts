import type { Locator } from 'playwright-core';

/** What the guarded API of the example gives. */
export const phoneNumber = '+1 202-555-0143';

/** What starts it, and starts it again. */
export const button = (of: Locator) => of.getByRole('button', { name: /phone number|Try again/ });

export const puzzle = (of: Locator) => of.getByRole('region', { name: 'Puzzle' });

/** Chooses the wanted shapes, or the others, and confirms. */
export async function solve(of: Locator, how: 'right' | 'wrong' = 'right'): Promise<void> {
  // a puzzle that was answered stays, disabled, until the next one comes
  const legend = (await puzzle(of).locator('fieldset:enabled legend').textContent()) ?? '';
  const [, wanted = ''] = /Choose all the (\w+)s/.exec(legend) ?? [];
  for (const choice of await puzzle(of).getByRole('checkbox').all()) {
    const isWanted = (await choice.getAttribute('aria-label')) === wanted;
    if (isWanted === (how === 'right')) await choice.check();
  }
  await puzzle(of).getByRole('button', { name: 'Confirm' }).click();
}

/** Waits until the status says so. */
export async function says(of: Locator, text: string): Promise<void> {
  await of.getByRole('status').filter({ hasText: text }).waitFor();
}
