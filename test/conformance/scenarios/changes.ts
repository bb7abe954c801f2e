import { match, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { KeyRequest, StackRequest } from '../request';
import { given, type Scenario } from '../trial';

export const lifecycle: Scenario = {
  name: 'lifecycle',
  title: 'keys of both scopes are created, kept, replaced, rotated and deleted',
  stacks: 1,
  run: async trial => {
    const [shop = '', www = '', blog = ''] = trial.domains('shop', 'www', 'blog');
    const edge: KeyRequest = { scope: 'CLOUDFRONT', tokenDomains: [shop] };
    const stack = (rotation?: string): StackRequest =>
      trial.stack({ Page: { scope: 'REGIONAL', rotation, twin: true }, Edge: edge });
    const tokenDomains = [shop, www];
    let [page, cloudFront] = ['', ''];

    await trial.step('create one key of each scope', async () => {
      const outputs = await trial.deploy(stack(), { tokenDomains, method: 'change-set' });
      page = given(outputs.PageAPIKey, 'a key');
      cloudFront = given(outputs.EdgeAPIKey, 'a key');
      await trial.expectKeys({ [page]: tokenDomains, [cloudFront]: [shop] });
      match(outputs.PageScriptUrl ?? '', /^https:\/\/[^/]+\.awswaf\.com\/.*[^/]\/jsapi\.js$/);
    });

    await trial.step('no change: no event', async () => {
      const before = await trial.requests(stack());
      await trial.deploy(stack(), { tokenDomains });
      strictEqual((await trial.requests(stack())).length, before.length, 'requests to the twin');
      await trial.expectKeys({ [page]: tokenDomains, [cloudFront]: [shop] });
    });

    await trial.step('another order and letter case: an event, the same key', async () => {
      const before = await trial.requests(stack());
      const outputs = await trial.deploy(stack(), { tokenDomains: [www.toUpperCase(), shop] });
      strictEqual((await trial.requests(stack())).length, before.length + 1, 'requests to the twin');
      strictEqual(outputs.PageAPIKey, page);
      await trial.expectKeys({ [page]: tokenDomains, [cloudFront]: [shop] });
    });

    const moreDomains = [shop, www, blog];
    let former = page;
    await trial.step('another domain: another key', async () => {
      former = page;
      page = given((await trial.deploy(stack(), { tokenDomains: moreDomains })).PageAPIKey, 'a key');
      notStrictEqual(page, former);
      await trial.expectListed({ [page]: moreDomains, [cloudFront]: [shop] });
    });
    await trial.expectReplaced(former, { [page]: moreDomains, [cloudFront]: [shop] });

    await trial.step('rotate: a fresh key with the same domains', async () => {
      former = page;
      page = given((await trial.deploy(stack('2'), { tokenDomains: moreDomains })).PageAPIKey, 'a key');
      notStrictEqual(page, former);
      await trial.expectListed({ [page]: moreDomains, [cloudFront]: [shop] });
    });
    await trial.expectReplaced(former, { [page]: moreDomains, [cloudFront]: [shop] });

    await trial.step('destroy: no key is left', async () => {
      await trial.destroy(stack('2'));
      await trial.expectKeys({});
    });
  },
};

export const rollback: Scenario = {
  name: 'rollback',
  title: 'an update that fails elsewhere ends on the very keys',
  stacks: 1,
  run: async trial => {
    const [shop = '', www = '', blog = ''] = trial.domains('shop', 'www', 'blog');
    const tokenDomains = [shop, www];
    const stack = (rotation = '1', edgeDomains = [shop], fails = false) => {
      const keys: StackRequest['keys'] = {
        Page: { scope: 'REGIONAL', rotation, twin: true },
        Edge: { scope: 'CLOUDFRONT', tokenDomains: edgeDomains },
      };
      return trial.stack(keys, { neighbour: { fails } });
    };
    let [page, edge] = ['', ''];

    const rollsBack = async (request: StackRequest, domains = tokenDomains) => {
      await trial.deployFails(request, 'UPDATE_ROLLBACK_COMPLETE', { tokenDomains: domains });
      const outputs = await trial.outputs(request);
      strictEqual(outputs.PageAPIKey, page, 'the REGIONAL key after the rollback');
      strictEqual(outputs.EdgeAPIKey, edge, 'the CLOUDFRONT key after the rollback');
      await trial.expectKeys({ [page]: tokenDomains, [edge]: [shop] });
    };

    await trial.step('create', async () => {
      const outputs = await trial.deploy(stack(), { tokenDomains });
      page = given(outputs.PageAPIKey, 'a key');
      edge = given(outputs.EdgeAPIKey, 'a key');
    });

    await trial.step('another order of one key, another domain of the other, rolled back', () =>
      rollsBack(stack('1', [shop, blog], true), [www, shop]),
    );

    await trial.step('another domain, rolled back', () =>
      rollsBack(stack('1', [shop], true), [shop, www, blog]),
    );

    await trial.step('a rotation, rolled back', () => rollsBack(stack('2', [shop], true)));

    let fresh = '';
    await trial.step('the same rotation again, which succeeds', async () => {
      fresh = given((await trial.deploy(stack('2'), { tokenDomains })).PageAPIKey, 'a key');
      notStrictEqual(fresh, page);
      await trial.expectListed({ [fresh]: tokenDomains, [edge]: [shop] });
    });
    await trial.expectReplaced(page, { [fresh]: tokenDomains, [edge]: [shop] });

    await trial.step('destroy: no key is left', async () => {
      await trial.destroy(stack('2'));
      await trial.expectKeys({});
    });
  },
};

export const failedCreation: Scenario = {
  name: 'failed-creation',
  title: 'a first deployment that fails leaves nothing',
  stacks: 2,
  run: async trial => {
    const key: KeyRequest = { scope: 'REGIONAL', tokenDomains: trial.domains('shop'), twin: true };
    const late = trial.stack({ Page: key }, { neighbour: { fails: true } });

    await trial.step('a neighbour fails after the key was created', async () => {
      await trial.deployFails(late, 'ROLLBACK_COMPLETE');
      await trial.expectKeys({});
    });

    // WAF takes about one creation a second: those that begin with the neighbour still wait when it fails
    const many = Object.fromEntries(
      ['One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight'].map(name => {
        const tokenDomains = trial.domains(name.toLowerCase());
        const after = name === 'One' ? [] : ['One'];
        return [name, { scope: 'REGIONAL', tokenDomains, after } satisfies KeyRequest];
      }),
    );
    const early = trial.stack(many, { suffix: '-cancelled', neighbour: { fails: true, after: ['One'] } });

    let cancelled = 0;
    await trial.step('a neighbour fails while keys are being created', async () => {
      await trial.deployFails(early, 'ROLLBACK_COMPLETE');
      const failures = await trial.failures(early);
      cancelled = failures.filter(reason => /cancel/i.test(reason)).length;
      trial.saw(
        'cancelled',
        `${cancelled} of ${Object.keys(many).length} creations cancelled by a failing neighbour`,
      );
      await trial.expectKeys({});
    });

    await trial.step('it has cancelled creations', async () => ok(cancelled > 0, 'expected some, got none'), {
      skippedOn: {
        ministack: 'MiniStack creates one resource after another: a failure never finds another in progress',
      },
    });

    await trial.step('destroy both', async () => {
      await Promise.all([trial.destroy(late), trial.destroy(early)]);
      await trial.expectKeys({});
    });
  },
};

export const refused: Scenario = {
  name: 'refused',
  title: 'domains that WAF refuses fail with its reason, alone and beside another key',
  stacks: 1,
  run: async trial => {
    const tokenDomains = trial.domains('shop');
    const moreDomains = trial.domains('shop', 'www');
    const other = trial.domains('other');
    const stack = (domains: string[]) =>
      trial.stack({ Good: { scope: 'REGIONAL', tokenDomains: domains }, Other: { scope: 'REGIONAL' } });
    const expectReason = async () => {
      const reasons = await trial.failures(stack(tokenDomains));
      const reason = reasons.find(text => /WAFInvalidParameter|public suffix|token domain/i.test(text));
      ok(reason, `expected AWS WAF's reason in the events, got ${JSON.stringify(reasons)}`);
      trial.saw('refusal', reason.replace(/ *\(RequestId: [^)]*\)/, ''));
    };

    await trial.step('create: the reason is in the events, and neither key is left', async () => {
      await trial.deployFails(stack(tokenDomains), 'ROLLBACK_COMPLETE', { tokenDomains: ['co.uk'] });
      await expectReason();
      await trial.expectKeys({});
    });

    let [good, second] = ['', ''];
    await trial.step('create with good domains', async () => {
      const outputs = await trial.deploy(stack(tokenDomains), { tokenDomains: other });
      good = given(outputs.GoodAPIKey, 'a key');
      second = given(outputs.OtherAPIKey, 'a key');
      await trial.expectKeys({ [good]: tokenDomains, [second]: other });
    });

    await trial.step('update one key well and the other badly: both very keys are back', async () => {
      const options = { tokenDomains: ['co.uk'] };
      await trial.deployFails(stack(moreDomains), 'UPDATE_ROLLBACK_COMPLETE', options);
      await expectReason();
      const outputs = await trial.outputs(stack(tokenDomains));
      strictEqual(outputs.GoodAPIKey, good);
      strictEqual(outputs.OtherAPIKey, second);
      await trial.expectKeys({ [good]: tokenDomains, [second]: other });
    });

    await trial.step('destroy: no key is left', async () => {
      await trial.destroy(stack(tokenDomains));
      await trial.expectKeys({});
    });
  },
};
