import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { type Answers, type HttpRequest, headerOf, json } from '../../examples/captcha-site/local/http';
import { responseOfWebAcl, type WebAclProperties } from '../../examples/captcha-site/local/web-acl';
import type { Visitor } from './visitor';

const page = join(__dirname, '..', '..', 'examples', 'captcha-site', 'page');

/** The page module as a browser takes it. */
const captchaModule = bundled(join(page, 'captcha.ts'));

export function bundled(entryPoint: string, define: Record<string, string> = {}): string {
  const { outputFiles } = buildSync({
    entryPoints: [entryPoint],
    bundle: true,
    define,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  });
  return outputFiles.map(({ text }) => text).join('');
}

/** A bare page with the module's exports, a `captcha` with these options, and a place for puzzles. */
export function modulePage(config: object | string, options = '{}'): Answers {
  return served({
    '/captcha.js': captchaModule,
    '/captcha-config.json': typeof config === 'string' ? config : JSON.stringify(config),
    '/main.js': `
      import * as module from './captcha.js';
      Object.assign(window, module);
      window.log = [];
      window.captcha = createCaptcha({
        config: () => loadConfig('captcha-config.json'),
        container: document.querySelector('section'),
        ...${options},
      });
      document.querySelector('h1').textContent = 'Ready';`,
  });
}

/** Files by path, and a page with a place for puzzles that runs `main.js`. */
export function served(written: Readonly<Record<string, string>>): Answers {
  const bare = `<!doctype html><html lang="en"><title>Bare</title><link rel="icon" href="data:,">
    <main><h1>Bare</h1><section aria-label="Puzzle"></section></main><script type="module" src="main.js"></script>`;
  const types: Readonly<Record<string, string>> = { js: 'text/javascript', json: 'application/json' };
  return ({ path }) => {
    const body = written[path] ?? (path === '/' ? bare : undefined);
    if (body === undefined) return json(404, {});
    const type = types[path.split('.').at(-1) ?? ''] ?? 'text/html';
    return { status: 200, headers: { 'content-type': type }, body };
  };
}

/** An API that says what it was asked. */
export const echo: Answers = request => {
  const token = headerOf(request, 'x-aws-waf-token');
  return json(200, { method: request.method, body: request.body.toString(), hasToken: token !== '' });
};

const everything: WebAclProperties = {
  Rules: [
    {
      Priority: 1,
      Action: { Captcha: {} },
      Statement: { OrStatement: { Statements: [startsWith('/')] } },
    },
  ],
};

/** Puts a web ACL with a rule for everything in front of an API. */
export function guarded(
  { captcha }: Visitor,
  api: Answers,
  { Rules = everything.Rules, TokenDomains }: WebAclProperties = {},
): Answers {
  return request => responseOfWebAcl({ Rules, TokenDomains }, request, captcha) ?? api(request);
}

/** The rule for everything, OPTIONS exempt. */
export const exceptOptions: WebAclProperties['Rules'] = [
  {
    Priority: 1,
    Action: { Captcha: {} },
    Statement: {
      NotStatement: {
        Statement: {
          ByteMatchStatement: {
            FieldToMatch: { Method: {} },
            PositionalConstraint: 'EXACTLY',
            SearchString: 'OPTIONS',
            TextTransformations: [{ Priority: 0, Type: 'NONE' }],
          },
        },
      },
    },
  },
];

export const challengeAll: WebAclProperties['Rules'] = [
  { Priority: 1, Action: { Challenge: {} }, Statement: startsWith('/') },
];

function startsWith(SearchString: string) {
  return {
    ByteMatchStatement: {
      FieldToMatch: { UriPath: {} },
      PositionalConstraint: 'STARTS_WITH',
      SearchString,
      TextTransformations: [{ Priority: 0, Type: 'NONE' }],
    },
  };
}

/** The page's calls to its own host go to an API under `/api/`. */
export function withApi(page: Answers, api: Answers): Answers {
  return request => (request.path.startsWith('/api/') ? api(request) : page(request));
}

/** Adds CORS headers to all responses, AWS WAF's too, as CloudFront does. */
export function withCors(answers: Answers, headers: Readonly<Record<string, string>> = {}): Answers {
  return async request => {
    const response = await answers(request);
    return { ...response, headers: { ...response.headers, ...corsFor(request), ...headers } };
  };
}

function corsFor(request: HttpRequest): Record<string, string> {
  return {
    'access-control-allow-origin': headerOf(request, 'origin'),
    'access-control-allow-headers': 'x-aws-waf-token, content-type',
    'access-control-allow-methods': 'GET, POST, PUT',
    'access-control-expose-headers': 'x-amzn-waf-action',
  };
}
