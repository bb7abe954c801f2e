import { readFileSync } from 'node:fs';

/** A line of the handler that guards a rule, and what stands there when it is taken away. */
export interface Guard {
  readonly rule: 1 | 2 | 3 | 4 | 5;
  /** What the guard is for. */
  readonly keeps: string;
  /** Below `lambda/`. */
  readonly file: string;
  readonly line: string;
  readonly without: string;
}

/** One or more guards of each rule that the simulation checks. */
export const GUARDS: readonly Guard[] = [
  {
    rule: 1,
    keeps: 'a key that ExistingApiKey names is not deleted',
    file: 'lifecycle.ts',
    line: 'existing !== undefined && isKeyOf(own)(existing)',
    without: 'false',
  },
  {
    rule: 1,
    keeps: 'a rollback takes the former key only, not any with these domains',
    file: 'ownership.ts',
    line: 'fitting.find(candidate => wasOwn(candidate.key));',
    without: 'fitting.find(candidate => wasOwn(candidate.key)) ?? fitting[0];',
  },
  {
    rule: 1,
    keeps: 'a key made elsewhere is not deleted unless the events tell that it was handed over',
    file: 'lifecycle.ts',
    line: 'own.isExisting && !(await this.ownership.isHandedOver(event, limit))',
    without: 'false',
  },
  {
    rule: 1,
    keeps: 'a new key is not taken for a lost one when others have such keys',
    file: 'new-keys.ts',
    line: 'foreign.length > 0 ||',
    without: '',
  },
  {
    rule: 1,
    keeps: 'a new key is not taken for a lost one when another resource of the stack wants the same',
    file: 'ownership.ts',
    line: 'history.others(RESOURCE_TYPE, wantsTheSame).length === 0',
    without: 'history.others(RESOURCE_TYPE, wantsTheSame).length >= 0',
  },
  {
    rule: 1,
    keeps: 'a new key is not taken for a lost one when another one came up',
    file: 'api-keys.ts',
    line: 'strangers.size > 1 || ',
    without: '',
  },
  {
    rule: 2,
    keeps: 'the key holds exactly the wanted domains',
    file: 'lifecycle.ts',
    line: `const fitting = inventory.keys.filter(({ tokenDomains }) =>
      sameTokenDomains(tokenDomains, wanted.tokenDomains),
    );`,
    without: 'const fitting = inventory.keys;',
  },
  {
    rule: 2,
    keeps: 'a changed rotation gives a fresh key',
    file: 'lifecycle.ts',
    line: 'if (own && !asksForAnother(old, wanted)) return',
    without: 'if (own) return',
  },
  {
    rule: 2,
    keeps: 'a key that is not listed yet is looked for again before it is made anew',
    file: 'api-keys.ts',
    line: 'const CONFIRMATION_PAUSES = [5 * SECOND, 10 * SECOND];',
    without: 'const CONFIRMATION_PAUSES: number[] = [];',
  },
  {
    rule: 2,
    keeps: 'a key that is handed over stays',
    file: 'ownership.ts',
    line: 'return handedOver && own ?',
    without: 'return handedOver && !own ?',
  },
  {
    rule: 3,
    keeps: 'a rollback is asked for, and the former key taken',
    file: 'ownership.ts',
    line: 'if (history.rollingBack) {',
    without: 'if (history.rollingBack && fitting.length === 0) {',
  },
  {
    rule: 3,
    keeps: 'events that come late are waited for',
    file: 'ownership.ts',
    line: 'const READING_PAUSES = [0, 2 * SECOND, 4 * SECOND, 8 * SECOND, 20 * SECOND];',
    without: 'const READING_PAUSES = [0];',
  },
  {
    rule: 3,
    keeps: 'a word that the events hide may stand for any',
    file: 'wanted-key.ts',
    line: 'word === words[index] || mayStandFor(word, words[index])',
    without: 'word === words[index]',
  },
  {
    rule: 3,
    keeps: 'a rollback that goes on in the same words asks what the present key was recorded for',
    file: 'lifecycle.ts',
    line: 'const recorded = await this.ownership.recordedWish(event, limit);',
    without: 'const recorded = undefined as WantedKey | undefined;',
  },
  {
    rule: 3,
    keeps: 'a nested stack goes back beyond the completion in which it waited for its parent',
    file: 'stack-history.ts',
    line: "return !(status === 'UPDATE_COMPLETE' && next?.status === 'UPDATE_ROLLBACK_IN_PROGRESS');",
    without: 'return next !== null;',
  },
  {
    rule: 3,
    keeps: 'a former key that is not listed yet is waited for',
    file: 'lifecycle.ts',
    line: 'if (!own || inventory.keys.some(({ key }) => isOwn(key))) return inventory;',
    without: 'return inventory;',
  },
  {
    rule: 4,
    keeps: 'a key is undone when the response URL has expired',
    file: 'new-keys.ts',
    line: 'onRefused: later => this.undoRefused(made, later),',
    without: '',
  },
  {
    rule: 4,
    keeps: 'a key is undone when CloudFormation has gone on without it',
    file: 'new-keys.ts',
    line: 'if ((await this.standingInTheEnd(made, limit)) === Standing.GIVEN_UP) return this.undo(made, limit);',
    without: '',
  },
  {
    rule: 4,
    keeps: 'a key whose answer was lost is looked for',
    file: 'api-keys.ts',
    line: 'if (lost) return { key: lost, isFound: true };',
    without: '',
  },
  {
    rule: 4,
    keeps: 'a lost key is given time to be listed',
    file: 'api-keys.ts',
    line: 'await this.options.clock.sleep(LISTING_DELAY, limit.signal);',
    without: '',
  },
  {
    rule: 4,
    keeps: 'a key that could not be undone is handed to CloudFormation',
    file: 'lifecycle.ts',
    line: 'return left ?? (',
    without: 'return (left && undefined) ?? (',
  },
  {
    rule: 4,
    keeps: 'the role stays until a cancelled request has cleaned up',
    file: 'lifecycle.ts',
    line: 'const CANCELLED_REQUEST_GRACE = 45 * SECOND;',
    without: 'const CANCELLED_REQUEST_GRACE = 0 * SECOND;',
  },
  {
    rule: 5,
    keeps: 'an event is answered before the function ends',
    file: 'custom-resource.ts',
    line: 'await Promise.race([work, guard])',
    without: 'await (guard.catch(() => undefined), work)',
  },
  {
    rule: 5,
    keeps: 'an answer that does not get through is sent again',
    file: 'answer.ts',
    line: "return status === 403 ? 'refused'",
    without: "return status > 0 ? 'refused'",
  },
  {
    rule: 5,
    keeps: 'an event that comes again gets the same answer',
    file: 'custom-resource.ts',
    line: 'answers.get(event.requestId) ?? (',
    without: 'undefined ?? (',
  },
  {
    rule: 5,
    keeps: 'permissions that have not arrived yet are waited for',
    file: 'repetition.ts',
    line: 'const ARRIVAL_PATIENCE = 60 * SECOND;',
    without: 'const ARRIVAL_PATIENCE = 0 * SECOND;',
  },
  {
    rule: 5,
    keeps: 'a refusal for the quota is waited out',
    file: 'aws-error.ts',
    line: 'return Verdict.THROTTLED;',
    without: 'return Verdict.REFUSED;',
  },
  {
    rule: 5,
    keeps: 'a conflict of deletions is tried again',
    file: 'aws-error.ts',
    line: 'if (error instanceof WAFOptimisticLockException) return Verdict.CONFLICT;',
    without: 'if (error instanceof WAFOptimisticLockException) return Verdict.REFUSED;',
  },
  {
    rule: 5,
    keeps: 'a key that is gone already is deleted',
    file: 'api-keys.ts',
    line: 'if (verdictOn(error) !== Verdict.ABSENT) throw error;',
    without: 'throw error;',
  },
];

/** The source of a guard's file with the guard taken away. */
export function sourceWithout({ file, line, without, keeps }: Guard, folder: string): string {
  const source = readFileSync(`${folder}/${file}`, 'utf8');
  const [before, after, ...more] = source.split(line);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(
      `lambda/${file}: expected once the guard "${keeps}", got ${source.split(line).length - 1}`,
    );
  }
  return before + without + after;
}
