import type { CaptchaService } from './captcha-service';
import { type HttpRequest, type HttpResponse, headerOf } from './http';
import { transformed } from './text-transformations';

/** Properties of an `AWS::WAFv2::WebACL`, as far as the examples use them. */
export interface WebAclProperties {
  readonly TokenDomains?: readonly string[];
  readonly Rules?: readonly Rule[];
}

interface Rule {
  readonly Priority: number;
  readonly Action: { readonly Captcha?: object; readonly Challenge?: object; readonly Allow?: object };
  readonly Statement: Statement;
}

interface Statement {
  readonly ByteMatchStatement?: ByteMatch;
  readonly NotStatement?: { readonly Statement: Statement };
  readonly AndStatement?: { readonly Statements: readonly Statement[] };
  readonly OrStatement?: { readonly Statements: readonly Statement[] };
}

interface ByteMatch {
  readonly FieldToMatch: { readonly UriPath?: object; readonly Method?: object };
  readonly PositionalConstraint: string;
  readonly SearchString: string;
  readonly TextTransformations: readonly { readonly Priority: number; readonly Type: string }[];
}

/**
 * The rules of a web ACL, by its properties in a template: a terminating action answers instead of the origin. The
 * responses are those that AWS documents for CAPTCHA and Challenge, without any CORS headers.
 */
export function responseOfWebAcl(
  { TokenDomains = [], Rules = [] }: WebAclProperties,
  request: HttpRequest,
  captcha: CaptchaService,
): HttpResponse | undefined {
  for (const { Action, Statement } of [...Rules].sort((one, other) => one.Priority - other.Priority)) {
    if (!matches(Statement, request)) continue;
    if (Action.Captcha) {
      if (!captcha.hasSolved(request, TokenDomains)) return interrupted(405, 'captcha', request);
    } else if (Action.Challenge) {
      if (!captcha.hasToken(request, TokenDomains)) return interrupted(202, 'challenge', request);
    } else if (Action.Allow) return undefined;
    else throw new Error(`expected an action that the model knows, got ${Object.keys(Action)}`);
  }
  return undefined;
}

function interrupted(status: number, action: string, request: HttpRequest): HttpResponse {
  const wantsHtml = headerOf(request, 'accept').includes('text/html');
  return {
    status,
    headers: {
      'x-amzn-waf-action': action,
      'cache-control': 'no-store',
      'content-type': 'text/html; charset=utf-8',
    },
    // AWS's own page runs an inline script
    body: wantsHtml
      ? '<!doctype html><title>Human Verification</title><script>document.title = "Interstitial"</script>'
      : '',
  };
}

function matches(statement: Statement, request: HttpRequest): boolean {
  const { ByteMatchStatement, NotStatement, AndStatement, OrStatement } = statement;
  if (NotStatement) return !matches(NotStatement.Statement, request);
  if (AndStatement) return AndStatement.Statements.every(part => matches(part, request));
  if (OrStatement) return OrStatement.Statements.some(part => matches(part, request));
  if (ByteMatchStatement) return hasBytes(ByteMatchStatement, request);
  throw new Error(`expected a statement that the model knows, got ${Object.keys(statement)}`);
}

function hasBytes(match: ByteMatch, { path, method }: HttpRequest): boolean {
  const { FieldToMatch, PositionalConstraint, SearchString, TextTransformations } = match;
  const field = FieldToMatch.UriPath ? path : FieldToMatch.Method ? method : undefined;
  if (field === undefined)
    throw new Error(`expected a field that the model knows, got ${Object.keys(FieldToMatch)}`);
  const text = [...TextTransformations]
    .sort((one, other) => one.Priority - other.Priority)
    .reduce((before, { Type }) => transformed(before, Type), field);
  switch (PositionalConstraint) {
    case 'STARTS_WITH':
      return text.startsWith(SearchString);
    case 'EXACTLY':
      return text === SearchString;
    default:
      throw new Error(`expected a constraint that the model knows, got ${PositionalConstraint}`);
  }
}
