import { strictEqual } from 'node:assert/strict';
import { WAFV2ServiceException } from '@aws-sdk/client-wafv2';
import { ODD_DOMAINS } from '../names';
import { given, type Scenario, type Trial } from '../trial';

/** What AWS leaves open about keys and their lists. */
export const waf: Scenario = {
  name: 'waf',
  title: 'what WAF accepts and lists',
  stacks: 0,
  run: async trial => {
    const domains = trial.domains('shop', 'BLOG', 'api');

    await trial.step('create a key, list it, and delete it', async () => {
      const begun = Date.now();
      const apiKey = await trial.createKey('REGIONAL', domains);
      const created = Date.now();
      await trial.createKey('REGIONAL', domains);
      const keys = await trial.keys();
      trial.saw(
        'list-lag',
        keys.length === 2 ? `listed at once, ${Date.now() - created} ms after the call` : 'later',
      );
      const key = keys.find(one => one.apiKey === apiKey);
      const listed = given(key?.tokenDomains.join(','), 'the new key in the list');
      const order =
        listed.toLowerCase() === domains.join(',').toLowerCase() ? 'in the order given' : 'reordered';
      const letters = listed === listed.toLowerCase() ? 'lower case' : 'as given';
      trial.saw('domains', `${order}, letters ${letters}`);
      const dated = key?.createdAt;
      trial.saw(
        'dates',
        dated
          ? `${dated.getTime() % 1000 ? 'with' : 'without'} milliseconds, ${dated.getTime() - begun} ms after the call was sent`
          : 'missing',
      );
      await readPages(trial);
      for (const one of keys) await trial.account.deleteKey(one);
      const left = await trial.keys();
      trial.saw('list-lag', left.length === 0 ? 'a deletion is seen at once' : 'a deletion is seen later');
      await trial.expectKeys({});
    });

    await trial.step('ask for odd domains', async () => {
      for (const domain of ODD_DOMAINS) {
        trial.saw('odd-domains', `${domain} ${await verdictOn(trial, domain)}`);
      }
    });
  },
};

/** Whether CloudFormation restores attributes that a rollback's response does not give. */
export const attributes: Scenario = {
  name: 'attributes',
  title: 'a rollback whose response gives no attributes',
  stacks: 1,
  run: async trial => {
    const before = trial.stack({}, { attributeProbe: 'before' });
    let attribute = '';
    await trial.step('create', async () => {
      attribute = given((await trial.deploy(before)).Attribute, 'an attribute');
    });

    await trial.step('roll an update back', async () => {
      await trial.account.deploy(trial.stack({}, { attributeProbe: 'after' }));
      const status = (await trial.account.describe(before.stackName))?.StackStatus;
      const { Attribute } = await trial.outputs(before);
      const requests = await trial.requests(before);
      const neighbour = requests
        .filter(({ event }) => event.LogicalResourceId.startsWith('Neighbour'))
        .at(-1);
      const handed = neighbour?.event.ResourceProperties?.Attribute;
      const seen = (value: unknown) => (value === attribute ? 'restored' : `${JSON.stringify(value)}`);
      trial.saw('attributes', `${status}: output ${seen(Attribute)}, another resource got ${seen(handed)}`);
    });

    await trial.step('destroy', async () => {
      await trial.destroy(before);
      strictEqual(await trial.account.describe(before.stackName), undefined);
    });
  },
};

async function readPages(trial: Trial): Promise<void> {
  const pages = await trial.account.keyPages('REGIONAL', 1);
  const urls = new Set(pages.map(({ ApplicationIntegrationURL }) => ApplicationIntegrationURL));
  const slashes = [...urls].map(url => (url?.endsWith('/') ? 'a slash' : url ? 'no slash' : 'missing'));
  trial.saw('url', [...new Set(slashes)].join(', '));
  const last = pages.at(-1);
  const marker = last?.NextMarker === undefined ? 'absent' : last.NextMarker === '' ? 'empty' : 'repeated';
  const empty = pages.filter(({ APIKeySummaries = [] }) => APIKeySummaries.length === 0).length;
  trial.saw('markers', `${pages.length} pages of one key, ${empty} empty, last marker ${marker}`);
}

async function verdictOn(trial: Trial, domain: string): Promise<string> {
  try {
    // beside a domain of this run, so that a sweep finds the key
    const apiKey = await trial.createKey('REGIONAL', [...trial.domains('odd'), domain]);
    await trial.account.deleteKey({ scope: 'REGIONAL', apiKey });
    return 'accepted';
  } catch (error) {
    if (error instanceof WAFV2ServiceException) return `refused (${error.name})`;
    throw error;
  }
}
