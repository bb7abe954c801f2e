import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Stack } from 'aws-cdk-lib';
import { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { handler } from '../../examples/captcha-site/api';
import { distributionOf } from '../../examples/captcha-site/local/distribution';
import { type Answers, json } from '../../examples/captcha-site/local/http';
import { functionUrl } from '../../examples/captcha-site/local/servers';
import { allOf, type Template, templateOf, theOnly } from '../../examples/captcha-site/local/template';
import { responseOfWebAcl, type WebAclProperties } from '../../examples/captcha-site/local/web-acl';
import { AlbBehindCloudFrontStack } from '../../examples/recipes/alb-behind-cloudfront';
import { ApiElsewhereStack } from '../../examples/recipes/api-elsewhere';
import { envLine } from '../../examples/recipes/env-from-outputs';
import { FrontEndStack } from '../../examples/recipes/front-end-elsewhere';
import { laptop } from '../../examples/recipes/laptop';
import { configElement } from '../../examples/recipes/server-rendered';
import { severalRegions } from '../../examples/recipes/several-regions';
import { TenantsStack } from '../../examples/recipes/tenants';
import { newApp } from '../lib/synthesize';
import { describeInBrowser } from './chromium';
import { ExampleSite } from './example-site';
import { bundled, echo, exceptOptions, guarded, modulePage, served, withApi, withCors } from './module-page';
import { button, phoneNumber, says, solve } from './puzzle-page';
import { type Visit, Visitor } from './visitor';

jest.setTimeout(60_000);

const env = { account: '111111111111', region: 'us-east-1' };
const WEB_ACL = 'AWS::WAFv2::WebACL';

describeInBrowser('the recipe for an API elsewhere', () => {
  const apiUrl = 'https://api.example.com';
  let site: ExampleSite;
  let behindCloudFront: Answers;
  let regional: Answers;

  beforeAll(async () => {
    site = await ExampleSite.open({ tokenDomains: ['example.com'], apiUrl });
    const { visitor } = site;
    const pageOrigins = ['https://example.com', 'https://www.example.com'];
    const props = { env, tokenDomains: ['example.com'], pageOrigins, apiHost: 'origin.example.com' };
    const port = await visitor.serve(functionUrl(handler));
    const template = templateOf(new ApiElsewhereStack(newApp(), 'Api', props));
    behindCloudFront = distributionOf(template, { captcha: visitor.captcha, portOf: () => port });
    const rules = { TokenDomains: ['example.com'], Rules: exceptOptions };
    regional = guarded(visitor, withCors(functionUrl(handler)), rules);
  });

  afterAll(() => site?.close());

  test.each(['example.com', 'www.example.com'])('serves a page on %s', async host => {
    const { page, errors, requests } = await site.visit(host, {
      hosts: { 'api.example.com': behindCloudFront },
    });
    await button(page.getByRole('main')).click();
    await solve(page.getByRole('main'));
    await page.getByText(phoneNumber).waitFor();

    expect(requests.filter(request => request.includes('api.example.com'))).toEqual([
      `GET ${apiUrl}/api/phone-number`,
      `OPTIONS ${apiUrl}/api/phone-number`,
      `GET ${apiUrl}/api/phone-number`,
    ]);
    expect(errors).toEqual([expect.stringContaining('status of 405')]);
  });

  test('and not a page on another origin, whose developer is told why', async () => {
    const { page, errors } = await site.visit('shop.example.com', {
      hosts: { 'api.example.com': behindCloudFront },
    });
    await button(page.getByRole('main')).click();
    await says(page.getByRole('main'), 'Something went wrong');

    expect(errors.join('\n')).toContain('no CORS headers for https://shop.example.com');
  });

  test('without CloudFront in front, a puzzle before the call gets the answer', async () => {
    const config = JSON.stringify({ ...site.config, puzzleFirst: true });
    const { page } = await site.visit('example.com', {
      written: { 'captcha-config.json': config },
      hosts: { 'api.example.com': regional },
    });
    await button(page.getByRole('main')).click();
    await solve(page.getByRole('main'));
    await page.getByText(phoneNumber).waitFor();
  });

  test('without that puzzle, the visitor is told that something is wrong', async () => {
    const { page, errors } = await site.visit('example.com', { hosts: { 'api.example.com': regional } });
    await button(page.getByRole('main')).click();
    await says(page.getByRole('main'), 'Something went wrong');

    expect(errors.join('\n')).toContain('Without CloudFront, set puzzleFirst.');
  });
});

describeInBrowser('the recipes', () => {
  let visitor: Visitor;

  beforeAll(async () => {
    visitor = await Visitor.open();
  });

  afterAll(() => visitor?.close());

  const ready = { name: 'Ready' };
  const orders = `captcha.fetchGuarded('/api/orders').then(response => response.json()).then(() => 'done', ({ kind }) => kind)`;

  describe('for a load balancer behind CloudFront', () => {
    function stack(): Stack {
      const app = newApp();
      const alb = ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(
        new Stack(app, 'Alb'),
        'Alb',
        {
          loadBalancerArn: 'arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/app/name/id',
          loadBalancerDnsName: 'internal-name.eu-west-1.elb.amazonaws.com',
          securityGroupId: 'sg-0',
        },
      );
      return new AlbBehindCloudFrontStack(app, 'Stack', { alb, domains: ['example.com'] });
    }

    /** A page and an API behind the load balancer of a template, whose web ACL it asks. */
    async function open(template: Template, webAcl = albWebAcl(template)) {
      const { captcha } = visitor;
      const behind = withApi(modulePage(visitor.key(['example.com'])), echo);
      const port = await visitor.serve(
        request => responseOfWebAcl(webAcl, request, captcha) ?? behind(request),
      );
      const hosts = { 'example.com': withoutWebAcl(template, port) };
      const { page } = await visitor.visit('https://example.com/', hosts);
      await page.getByRole('heading', ready).waitFor();
      await page.evaluate(`window.outcome = ${orders}; undefined`);
      await solve(page.getByRole('main'));
      return page.evaluate('outcome');
    }

    // what CloudFront does by the template's distribution, which has no web ACL of its own
    const withoutWebAcl = (template: Template, port: number) =>
      distributionOf(template, { captcha: visitor.captcha, portOf: () => port });
    const albWebAcl = (template: Template) => theOnly<WebAclProperties>(template, WEB_ACL);

    test('forwards the cookie and has the domain in the web ACL: the token is accepted', async () => {
      expect(await open(templateOf(stack()))).toBe('done');
    });

    test('without the policy that forwards the cookie, the token is refused', async () => {
      const template = templateOf(stack());
      const Resources = Object.entries(template.Resources).filter(
        ([, { Type }]) => Type !== 'AWS::CloudFront::OriginRequestPolicy',
      );

      expect(await open({ Resources: Object.fromEntries(Resources) })).toBe('token_refused');
    });

    test('without the domain in the web ACL, the token is refused too', async () => {
      const template = templateOf(stack());

      expect(await open(template, { ...albWebAcl(template), TokenDomains: [] })).toBe('token_refused');
    });
  });

  test('for several Regions: one puzzle counts for the API of each', async () => {
    const [, ...apiStacks] = severalRegions(newApp());
    const hosts = apiStacks.map(stack => {
      const { TokenDomains } = theOnly<WebAclProperties>(templateOf(stack), WEB_ACL);
      const api = guarded(visitor, withCors(echo), { TokenDomains, Rules: exceptOptions });
      return [`${stack.region}.api.example.com`, api] as const;
    });
    const { page, requests } = await visitor.visit('https://example.com/', {
      'example.com': modulePage(visitor.key(['example.com']), '{ puzzleFirst: true }'),
      ...Object.fromEntries(hosts),
    });
    await page.getByRole('heading', ready).waitFor();
    const urls = hosts.map(([host]) => `https://${host}/`);
    await page.evaluate(`
      window.outcome = (async () => {
        const statuses = [];
        for (const url of ${JSON.stringify(urls)}) statuses.push((await captcha.fetchGuarded(url)).status);
        return statuses;
      })();
      undefined`);
    await solve(page.getByRole('main'));

    expect(await page.evaluate('outcome')).toEqual([200, 200]);
    expect(requests.filter(request => request.endsWith('/problem'))).toHaveLength(1);
  });

  describe('for many tenants', () => {
    /** What becomes of a call by a page on one of the tenants' hosts, to an API behind the same host. */
    async function visit(
      host: string,
      domains: string[],
      { webAcl = [], options = '{}' }: { webAcl?: string[]; options?: string } = {},
    ): Promise<Visit> {
      const template = templateOf(new TenantsStack(newApp(), 'Stack', { domains }));
      const keys = allOf<{ TokenDomains: string[] }>(template, 'Custom::WafCaptchaApiKey');
      const configs = keys.map(({ TokenDomains }) => [TokenDomains[0], visitor.key(TokenDomains)]);
      const page = served({
        '/captcha-configs.json': JSON.stringify(Object.fromEntries(configs)),
        '/tenants.js': bundled(recipePage('tenants')),
        '/captcha.js': bundled(sitePage('captcha')),
        '/main.js': `
          import { tenantConfig } from './tenants.js';
          import { createCaptcha } from './captcha.js';
          const container = document.querySelector('section');
          const captcha = createCaptcha({ config: tenantConfig, container, ...${options} });
          document.querySelector('h1').textContent = await ${orders};`,
      });
      const answers = withApi(page, guarded(visitor, echo, { TokenDomains: webAcl }));
      const opened = await visitor.visit(`https://${host}/`, { [host]: answers });
      await solve(opened.page.getByRole('main'));
      return opened;
    }

    const domains = ['one.example', 'two.example', 'shop.two.example'];

    test.each([
      ['one.example', []],
      ['shop.two.example', []],
      ['www.two.example', ['two.example']],
      ['eu.shop.two.example', ['shop.two.example']],
    ])('the page on %s takes the key whose token a web ACL that lists %j accepts', async (host, webAcl) => {
      const { page } = await visit(host, domains, { webAcl });
      await page.getByRole('heading', { name: 'done' }).waitFor();
    });

    test('a web ACL without a list refuses the token of a page on a sub-domain', async () => {
      const { page, errors } = await visit('www.two.example', domains);
      await page.getByRole('heading', { name: 'token_refused' }).waitFor();

      expect(errors.join('\n')).toContain('Add two.example to tokenDomains of the web ACL');
    });

    test('and accepts that of one which asks for a token for its own host', async () => {
      const options = '{ cookieDomains: [location.hostname] }';
      const { page } = await visit('www.two.example', domains, { options });
      await page.getByRole('heading', { name: 'done' }).waitFor();
    });

    test('a host that belongs to no tenant is named in the error', async () => {
      const page = served({
        '/captcha-configs.json': JSON.stringify({ 'one.example': visitor.key(['one.example']) }),
        '/tenants.js': bundled(recipePage('tenants')),
        '/main.js': `import { tenantConfig } from './tenants.js'; tenantConfig().catch(() => {});`,
      });
      const { page: opened, errors } = await visitor.visit('https://three.example/', {
        'three.example': page,
      });
      await opened.waitForLoadState('networkidle');

      expect(errors).toEqual([
        expect.stringContaining('in captcha-configs.json for three.example, got no apiKey'),
      ]);
    });
  });

  test('for a front end in another repository: the page module takes the published file as it is', async () => {
    const app = newApp();
    new FrontEndStack(app, 'Stack');
    const { directory } = app.synth();
    const published = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    const path = published.find(file => file.endsWith('captcha-config.json')) ?? '';
    // what the deployment does with the file, by the parameters of the key's stack
    const { apiKey, scriptUrl } = visitor.key(['example.com']);
    const parameters = [apiKey, scriptUrl.replace(/\/jsapi\.js$/, '')];
    const text = readFileSync(join(directory, path), 'utf8');
    const config = text.replace(
      /<<marker:0xbaba:(\d)>>/g,
      (_, index: string) => parameters[Number(index)] ?? '',
    );
    const host = withApi(modulePage(config), guarded(visitor, echo, { TokenDomains: ['example.com'] }));
    const { page } = await visitor.visit('https://blog.example.com/', { 'blog.example.com': host });
    await page.getByRole('heading', ready).waitFor();
    await page.evaluate(`window.outcome = ${orders}; undefined`);
    await solve(page.getByRole('main'));

    expect(await page.evaluate('outcome')).toBe('done');
  });

  test.each([
    ['built in', () => ({ '/main.js': bundled(recipePage('built-in'), builtIn()) })],
    [
      'rendered by a server',
      () => ({
        '/': `<!doctype html><link rel="icon" href="data:,">
          ${configElement(JSON.stringify(visitor.key(['example.com'])))}<script type="module" src="main.js"></script>`,
        '/main.js': bundled(recipePage('server-rendered')),
      }),
    ],
  ])('for a configuration that is %s: the page reads it', async (_, files) => {
    const written = files();
    // the module's exports, for this test
    const main = `${written['/main.js']?.replace(/export \{\s*config\s*\};/, '')}\nwindow.result = config;`;
    const page = served({ ...written, '/main.js': main });
    const { page: opened, errors } = await visitor.visit('https://example.com/', { 'example.com': page });
    await opened.waitForFunction('window.result');

    expect(await opened.evaluate('result')).toEqual(visitor.key(['example.com']));
    expect(errors).toEqual([]);
  });

  test('for a configuration that is built in: a server that renders the page reads it too', async () => {
    const module = bundled(recipePage('built-in'), builtIn());
    const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', module]);

    expect(stderr).toBe('');
  });

  /** What Vite makes of the line in `.env.production`. */
  function builtIn(): Record<string, string> {
    const outputs = { PageConfig: { ClientConfig: JSON.stringify(visitor.key(['example.com'])) } };
    const line = envLine(JSON.stringify(outputs), 'PageConfig', 'VITE_CAPTCHA_CONFIG');
    const [, name, value = ''] = /^(\w+)='(.*)'$/.exec(line) ?? [];
    return { [`import.meta.env.${name}`]: JSON.stringify(value) };
  }

  test('for a laptop: its page on Vite’s port calls the API of the development stage', async () => {
    const [keyStack, apiStack] = laptop(newApp());
    if (!keyStack || !apiStack) throw new Error('expected two stacks');
    const [key] = allOf<{ TokenDomains: string[] }>(templateOf(keyStack), 'Custom::WafCaptchaApiKey');
    const [host = ''] = key?.TokenDomains ?? [];
    const port = await visitor.serve(functionUrl(handler));
    const api = distributionOf(templateOf(apiStack), { captcha: visitor.captcha, portOf: () => port });
    const { page } = await visitor.visit(`https://${host}:5173/`, {
      [host]: modulePage(visitor.key([host])),
      'api.dev.example.com': api,
    });
    await page.getByRole('heading', ready).waitFor();
    await page.evaluate(`
      window.outcome = captcha.fetchGuarded('https://api.dev.example.com/api/phone-number').then(({ status }) => status);
      undefined`);
    await solve(page.getByRole('main'));

    expect(await page.evaluate('outcome')).toBe(200);
  });

  describe('for components and other clients', () => {
    function pageOf(recipe: string, script: string): Answers {
      return withApi(
        served({
          '/captcha-config.json': JSON.stringify(visitor.key(['example.com'])),
          '/captcha.js': bundled(sitePage('captcha')),
          '/recipe.js': bundled(recipePage(recipe)),
          '/main.js': `
            import { createCaptcha, loadConfig } from './captcha.js';
            import * as recipe from './recipe.js';
            const container = document.querySelector('section');
            const config = await loadConfig('captcha-config.json');
            const say = text => { document.querySelector('h1').textContent = text; };
            ${script}`,
        }),
        guarded(visitor, echo),
      );
    }

    test('a page with a form sends what is in it', async () => {
      const script = `
        const form = new FormData();
        form.append('article', '7');
        recipe.placeOrder(container, form).then(async response => say((await response.json()).body));`;
      const { page } = await visitor.visit('https://example.com/', { 'example.com': pageOf('form', script) });
      await solve(page.getByRole('main'));
      await page.getByRole('heading', { name: 'name="article"' }).waitFor();
    });

    test('a component makes its call, with its body', async () => {
      const script = `recipe.placeOrder(container, config, { id: 7 }, async response => say((await response.json()).body));`;
      const { page } = await visitor.visit('https://example.com/', {
        'example.com': pageOf('component', script),
      });
      await solve(page.getByRole('main'));
      await page.getByRole('heading', { name: '{"id":7}' }).waitFor();
    });

    test('and removes its puzzle when it is removed', async () => {
      const script = `window.goAway = recipe.placeOrder(container, config, {}, () => say('done'));`;
      const { page, errors } = await visitor.visit('https://example.com/', {
        'example.com': pageOf('component', script),
      });
      await page.getByRole('checkbox').first().waitFor();
      await page.evaluate('goAway()');

      expect(await page.getByRole('checkbox').count()).toBe(0);
      expect(errors).toEqual([expect.stringContaining('status of 405')]);
    });

    test('another kind of client sends the token as a header', async () => {
      const script = `
        const captcha = createCaptcha({ config, container });
        const call = async headers => {
          const response = await fetch('/api/orders', { headers });
          if (!response.ok) throw response;
          return response.json();
        };
        recipe.callGuarded(captcha, call, ({ status }) => status === 405).then(({ hasToken }) => say('token ' + hasToken));`;
      const { page } = await visitor.visit('https://example.com/', {
        'example.com': pageOf('other-client', script),
      });
      await solve(page.getByRole('main'));
      await page.getByRole('heading', { name: 'token true' }).waitFor();
    });
  });

  test('an API that answers OPTIONS with an error gets no call', async () => {
    const api = withCors(request => (request.method === 'OPTIONS' ? json(403, {}) : echo(request)));
    const { page, errors } = await visitor.visit('https://example.com/', {
      'example.com': modulePage(visitor.key(['example.com'])),
      'api.example.com': api,
    });
    await page.getByRole('heading', ready).waitFor();
    await page.evaluate(
      `captcha.fetchGuarded('https://api.example.com/', { method: 'PUT' }).catch(() => {})`,
    );

    expect(errors.join('\n')).toContain('The browser sends OPTIONS first');
  });
});

const recipePage = (name: string) => join(__dirname, '..', '..', 'examples', 'recipes', 'page', `${name}.ts`);
const sitePage = (name: string) =>
  join(__dirname, '..', '..', 'examples', 'captcha-site', 'page', `${name}.ts`);
