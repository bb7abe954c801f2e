import { notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { KeyRequest } from '../request';
import { given, type Scenario } from '../trial';

export const adoption: Scenario = {
  name: 'adoption',
  title: 'a key created with the SDK is used, and handed over',
  stacks: 2,
  run: async trial => {
    const tokenDomains = trial.domains('shop');
    const stack = (existingApiKey: string | undefined, fails = false, suffix = '') => {
      const key: KeyRequest = { scope: 'REGIONAL', tokenDomains, existingApiKey, twin: true };
      return trial.stack({ Page: key }, { suffix, neighbour: { fails } });
    };
    const again = (existingApiKey?: string) => stack(existingApiKey, false, '-again');
    let existing = '';
    const expectOnlyIt = () => trial.expectKeys({ [existing]: tokenDomains });

    await trial.step('use it', async () => {
      existing = await trial.createKey('REGIONAL', tokenDomains);
      strictEqual((await trial.deploy(stack(existing))).PageAPIKey, existing);
      await expectOnlyIt();
    });

    await trial.step('hand it over, rolled back: it is only used again', async () => {
      const id = await trial.physicalId(stack(existing), 'Page');
      await trial.deployFails(stack(undefined, true), 'UPDATE_ROLLBACK_COMPLETE');
      strictEqual((await trial.outputs(stack(existing))).PageAPIKey, existing);
      strictEqual(await trial.physicalId(stack(existing), 'Page'), id, 'the id after the rollback');
      await expectOnlyIt();
    });

    await trial.step('destroy: a key that is only used stays', async () => {
      await trial.destroy(stack(existing));
      await expectOnlyIt();
    });

    await trial.step('use it in another stack and hand it over: the same key', async () => {
      await trial.deploy(again(existing));
      strictEqual((await trial.deploy(again())).PageAPIKey, existing);
      await expectOnlyIt();
    });

    await trial.step('destroy: the key now goes with the stack', async () => {
      await trial.destroy(again());
      await trial.expectKeys({});
    });
  },
};

export const rename: Scenario = {
  name: 'rename',
  title: 'a construct with a key gets another id',
  stacks: 1,
  run: async trial => {
    const key: KeyRequest = { scope: 'REGIONAL', tokenDomains: trial.domains('shop') };
    let page = '';

    await trial.step('create', async () => {
      page = given((await trial.deploy(trial.stack({ Page: key }))).PageAPIKey, 'a key');
    });

    await trial.step(
      'rename it in one update: the new resource uses the key, and the old one leaves it',
      async () => {
        const outputs = await trial.deploy(trial.stack({ Renamed: { ...key, existingApiKey: page } }));
        strictEqual(outputs.RenamedAPIKey, page);
        await trial.expectKeys({ [page]: key.tokenDomains ?? [] });
      },
    );

    await trial.step('hand it over', async () => {
      strictEqual((await trial.deploy(trial.stack({ Renamed: key }))).RenamedAPIKey, page);
      await trial.expectKeys({ [page]: key.tokenDomains ?? [] });
    });

    await trial.step('destroy: no key is left', async () => {
      await trial.destroy(trial.stack({ Renamed: key }));
      await trial.expectKeys({});
    });
  },
};

export const move: Scenario = {
  name: 'move',
  title: 'a key moves to another stack',
  stacks: 2,
  run: async trial => {
    const tokenDomains = trial.domains('shop');
    const key: KeyRequest = { scope: 'REGIONAL', tokenDomains };
    const from = (more: Partial<KeyRequest> = {}) =>
      trial.stack({ Page: { ...key, ...more } }, { suffix: '-from' });
    const to = (more: Partial<KeyRequest> = {}) =>
      trial.stack({ Page: { ...key, ...more } }, { suffix: '-to' });
    let page = '';
    const expectIt = () => trial.expectKeys({ [page]: tokenDomains });

    await trial.step('create, then keep the key with RETAIN', async () => {
      page = given((await trial.deploy(from())).PageAPIKey, 'a key');
      strictEqual((await trial.deploy(from({ retain: true }))).PageAPIKey, page);
    });

    await trial.step('use it in the other stack, and destroy the first', async () => {
      strictEqual((await trial.deploy(to({ existingApiKey: page }))).PageAPIKey, page);
      await trial.destroy(from({ retain: true }));
      await expectIt();
    });

    await trial.step('hand it over, and destroy the other stack: no key is left', async () => {
      strictEqual((await trial.deploy(to())).PageAPIKey, page);
      await expectIt();
      await trial.destroy(to());
      await trial.expectKeys({});
    });
  },
};

export const retain: Scenario = {
  name: 'retain',
  title: 'RETAIN keeps the key, replaced ones too',
  stacks: 1,
  run: async trial => {
    const tokenDomains = trial.domains('shop');
    const moreDomains = trial.domains('shop', 'www');
    const key: KeyRequest = { scope: 'REGIONAL', tokenDomains, retain: true, twin: true };
    const stack = (change: Partial<KeyRequest> = {}, fails = false) =>
      trial.stack({ Page: { ...key, ...change } }, { neighbour: { fails } });
    const replaced = { tokenDomains: moreDomains };
    let [first, second] = ['', ''];

    await trial.step('a replaced key stays', async () => {
      first = given((await trial.deploy(stack())).PageAPIKey, 'a key');
      second = given((await trial.deploy(stack(replaced))).PageAPIKey, 'a key');
      notStrictEqual(second, first);
      await trial.expectKeys({ [first]: tokenDomains, [second]: moreDomains });
    });

    await trial.step('a rotation, rolled back: the very key', async () => {
      await trial.deployFails(stack({ ...replaced, rotation: '2' }, true), 'UPDATE_ROLLBACK_COMPLETE');
      strictEqual((await trial.outputs(stack())).PageAPIKey, second);
      const left = (await trial.keys()).map(({ apiKey }) => apiKey);
      ok(left.includes(first) && left.includes(second), 'expected both retained keys to stay');
      const seen = left.length > 2 ? 'is kept: its Delete is skipped' : 'is deleted';
      trial.saw('retain', `the copy that a rolled back update made ${seen}`);
    });

    await trial.step('destroy: the keys stay, and are deleted by hand', async () => {
      await trial.destroy(stack(replaced));
      const left = await trial.keys();
      const found = left.map(({ apiKey }) => apiKey);
      ok(found.includes(first) && found.includes(second), 'expected both retained keys to stay');
      for (const one of left) await trial.account.deleteKey(one);
      await trial.expectKeys({});
    });
  },
};

export const keepPreviousKey: Scenario = {
  name: 'keep-previous',
  title: 'keepPreviousKey keeps the previous key until the next replacement',
  stacks: 1,
  run: async trial => {
    const tokenDomains = trial.domains('shop');
    const stack = (rotation: string, fails = false) => {
      const key: KeyRequest = {
        scope: 'REGIONAL',
        tokenDomains,
        rotation,
        keepPreviousKey: true,
        twin: true,
      };
      return trial.stack({ Page: key }, { neighbour: { fails } });
    };
    let [first, second, third] = ['', '', ''];

    await trial.step('create', async () => {
      first = given((await trial.deploy(stack('1'))).PageAPIKey, 'a key');
      await trial.expectKeys({ [first]: tokenDomains });
    });

    await trial.step('rotate: the previous key stays', async () => {
      second = given((await trial.deploy(stack('2'))).PageAPIKey, 'a key');
      notStrictEqual(second, first);
      await trial.expectKeys({ [first]: tokenDomains, [second]: tokenDomains });
    });

    await trial.step(
      'rotate, rolled back: the very key and its previous one',
      async () => {
        await trial.deployFails(stack('3', true), 'UPDATE_ROLLBACK_COMPLETE');
        strictEqual((await trial.outputs(stack('2'))).PageAPIKey, second);
        await trial.expectKeys({ [first]: tokenDomains, [second]: tokenDomains });
      },
      {
        skippedOn: {
          ministack:
            'no event of MiniStack says which copy a rollback restored: the next previous key would be the wrong one',
        },
      },
    );

    await trial.step('rotate again: the previous key stays', async () => {
      third = given((await trial.deploy(stack('4'))).PageAPIKey, 'a key');
      await trial.expectListed({ [second]: tokenDomains, [third]: tokenDomains });
    });
    await trial.expectReplaced(first, { [second]: tokenDomains, [third]: tokenDomains });

    await trial.step('destroy: no key is left', async () => {
      await trial.destroy(stack('4'));
      await trial.expectKeys({});
    });
  },
};

export const noRollback: Scenario = {
  name: 'no-rollback',
  title: 'a failed update without rollback is fixed forward, and another rolled back later',
  stacks: 1,
  run: async trial => {
    const tokenDomains = trial.domains('shop');
    const moreDomains = trial.domains('shop', 'www');
    const stack = (change: Partial<KeyRequest> = {}, fails = false) => {
      const key: KeyRequest = { scope: 'REGIONAL', tokenDomains, twin: true };
      return trial.stack({ Page: { ...key, ...change } }, { neighbour: { fails } });
    };
    const withoutRollback = { noRollback: true };
    const changed = { tokenDomains: moreDomains };
    let page = '';

    await trial.step('create', async () => {
      page = given((await trial.deploy(stack())).PageAPIKey, 'a key');
    });

    await trial.step('a failed update: the key of the output still works', async () => {
      await trial.deployFails(stack(changed, true), 'UPDATE_FAILED', withoutRollback);
      const left = (await trial.keys()).map(({ apiKey }) => apiKey);
      ok(left.includes(page), 'expected the key of the output to stay');
    });

    await trial.step('cdk rollback: the very key', async () => {
      await trial.rollback(stack(changed, true));
      strictEqual((await trial.account.describe(stack().stackName))?.StackStatus, 'UPDATE_ROLLBACK_COMPLETE');
      strictEqual((await trial.outputs(stack())).PageAPIKey, page);
      await trial.expectKeys({ [page]: tokenDomains });
    });

    let last = stack();
    await trial.step(
      'another failed update, fixed forward: the new key alone',
      async () => {
        await trial.deployFails(stack(changed, true), 'UPDATE_FAILED', withoutRollback);
        last = stack(changed);
        const outputs = await trial.deploy(last, withoutRollback);
        notStrictEqual(outputs.PageAPIKey, page);
        await trial.expectKeys({ [given(outputs.PageAPIKey, 'a key')]: moreDomains });
      },
      { skippedOn: { ministack: 'MiniStack refuses UpdateStack in UPDATE_FAILED' } },
    );

    await trial.step('destroy: no key is left', async () => {
      await trial.destroy(last);
      await trial.expectKeys({});
    });
  },
};
