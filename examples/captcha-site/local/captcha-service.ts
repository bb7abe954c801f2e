import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { type HttpRequest, type HttpResponse, headerOf, json } from './http';
import { keyApplies, tokenDomainOf, webAclAccepts } from './token-domains';

const shapes = ['circle', 'square', 'triangle'] as const;
const shapesInPuzzle = 6;
const puzzleLifeMs = 120_000;

export interface CaptchaServiceOptions {
  /** The domains of a key that exists. */
  readonly domainsOf: (apiKey: string) => readonly string[] | undefined;
  readonly now: () => number;
  readonly random: () => number;
  /** How long a solved puzzle counts, in milliseconds: the web ACL's immunity time. @default 300_000 */
  readonly immunityMs?: number;
}

interface Puzzle {
  readonly wanted: string;
  readonly shapes: readonly string[];
  readonly host: string;
  readonly cookieDomains: readonly string[];
  readonly expiresAt: number;
}

interface Token {
  readonly domain: string;
  /** When its puzzle was solved, if one was. */
  readonly solvedAt?: number;
}

/** The service behind AWS's `jsapi.js` and a web ACL's CAPTCHA rule: keys, puzzles and tokens, in memory. */
export class CaptchaService {
  private readonly puzzles = new Map<string, Puzzle>();
  private readonly tokens = new Map<string, Token>();
  private readonly scripts = { 'jsapi.js': bundled('jsapi'), 'challenge.js': bundled('challenge') };

  constructor(private readonly options: CaptchaServiceOptions) {}

  /** Answers a request under the integration URL. A URL with an empty path segment is not found. */
  answer(request: HttpRequest): HttpResponse {
    const [, name = ''] = /^(?:\/[^/]+)+\/([^/]+)$/.exec(request.path) ?? [];
    if (request.method === 'GET' && (name === 'jsapi.js' || name === 'challenge.js')) {
      return { status: 200, headers: { 'content-type': 'text/javascript' }, body: this.scripts[name] };
    }
    if (request.method === 'POST' && (name === 'problem' || name === 'verify' || name === 'token')) {
      const answer = this[name](originHost(request), JSON.parse(request.body.toString()));
      return { ...answer, headers: { ...answer.headers, 'access-control-allow-origin': '*' } };
    }
    return json(404, { message: `nothing at ${request.path}` });
  }

  /** Whether a request carries a token that the web ACL accepts, with a recently solved puzzle. */
  hasSolved(request: HttpRequest, webAclDomains: readonly string[]): boolean {
    const token = this.acceptedToken(request, webAclDomains);
    const { now, immunityMs = 300_000 } = this.options;
    return token?.solvedAt !== undefined && now() - token.solvedAt < immunityMs;
  }

  /** Whether a request carries a token that the web ACL accepts, with a solved puzzle or without. */
  hasToken(request: HttpRequest, webAclDomains: readonly string[]): boolean {
    return this.acceptedToken(request, webAclDomains) !== undefined;
  }

  private acceptedToken(request: HttpRequest, webAclDomains: readonly string[]): Token | undefined {
    const [, cookie = ''] = /(?:^|;\s*)aws-waf-token=([^;]*)/.exec(headerOf(request, 'cookie')) ?? [];
    const token = this.tokens.get(headerOf(request, 'x-aws-waf-token') || cookie);
    return token && webAclAccepts(token.domain, request.host, webAclDomains) ? token : undefined;
  }

  private problem(host: string, body: { apiKey?: unknown; cookieDomains?: unknown }): HttpResponse {
    const cookieDomains = textsOf(body.cookieDomains);
    const domains = this.options.domainsOf(String(body.apiKey));
    if (!domains) return json(403, { message: 'the API key is not valid' });
    if (!keyApplies(domains, host, cookieDomains)) {
      const page = cookieDomains.length > 0 ? `awsWafCookieDomainList ${cookieDomains.join(', ')}` : host;
      return json(403, { message: `the API key is for ${domains.join(', ')}, not for ${page}` });
    }
    const id = randomUUID();
    const puzzle = this.newPuzzle(host, cookieDomains);
    this.puzzles.set(id, puzzle);
    return json(200, { id, wanted: puzzle.wanted, shapes: puzzle.shapes, lifeMs: puzzleLifeMs });
  }

  private verify(_host: string, body: { id?: unknown; chosen?: unknown }): HttpResponse {
    const puzzle = this.puzzles.get(String(body.id));
    if (!puzzle || puzzle.expiresAt < this.options.now()) return json(410, { message: 'the puzzle is over' });
    this.puzzles.delete(String(body.id));
    const wanted = puzzle.shapes.flatMap((shape, index) => (shape === puzzle.wanted ? [String(index)] : []));
    if (textsOf(body.chosen).join() !== wanted.join()) return json(200, { correct: false });
    return json(200, {
      correct: true,
      ...this.newToken(tokenDomainOf(puzzle.host, puzzle.cookieDomains), this.options.now()),
    });
  }

  private token(host: string, body: { cookieDomains?: unknown }): HttpResponse {
    return json(200, this.newToken(tokenDomainOf(host, textsOf(body.cookieDomains))));
  }

  private newToken(domain: string, solvedAt?: number): { token: string; domain: string } {
    const token = randomUUID();
    this.tokens.set(token, { domain, solvedAt });
    return { token, domain };
  }

  /** Random shapes: at least one of them, but not all, is the wanted one. */
  private newPuzzle(host: string, cookieDomains: readonly string[]): Puzzle {
    const { now, random } = this.options;
    const first = Math.floor(random() * shapes.length);
    const shapeAt = (index: number) =>
      shapes[(index < 2 ? first + index : Math.floor(random() * shapes.length)) % shapes.length] ?? shapes[0];
    const drawn = Array.from({ length: shapesInPuzzle }, (_, index) => shapeAt(index));
    const shift = Math.floor(random() * shapesInPuzzle);
    return {
      wanted: shapes[first] ?? shapes[0],
      shapes: [...drawn.slice(shift), ...drawn.slice(0, shift)],
      host,
      cookieDomains,
      expiresAt: now() + puzzleLifeMs,
    };
  }
}

/** The host of the page that a script runs on: the browser sends it, the page cannot set it. */
function originHost(request: HttpRequest): string {
  return new URL(headerOf(request, 'origin')).hostname;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function bundled(name: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(__dirname, 'browser', `${name}.ts`)],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  });
  return outputFiles.map(({ text }) => text).join('');
}
