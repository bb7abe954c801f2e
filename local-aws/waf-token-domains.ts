import { parse } from 'tldts';
import { AwsError } from './aws-error';
import { invalid, type JsonInput } from './aws-json';

/** The TokenDomains of a request, refused where WAF refuses them. */
export function checkedTokenDomains(input: JsonInput): readonly string[] {
  const { TokenDomains: value } = input;
  if (!Array.isArray(value)) throw invalid('TokenDomains', value, 'Member must not be null');
  const domains: string[] = value.map(checkedForm);
  if (domains.length < 1 || domains.length > 5) {
    throw refused(`expected 1 to 5 token domains, got ${domains.length}`, domains.join(','));
  }
  for (const domain of domains) {
    if (isPublicSuffix(domain)) throw refused('The token domain is a public suffix.', domain);
  }
  return domains;
}

function checkedForm(domain: unknown): string {
  if (typeof domain !== 'string') throw invalid('TokenDomains', domain, 'Member must be a string');
  if (domain.length < 1 || domain.length > 253) {
    throw invalid('TokenDomains', domain, 'Member must have length between 1 and 253');
  }
  if (!/^[\w.\-/]+$/.test(domain)) {
    throw invalid('TokenDomains', domain, 'Member must satisfy regular expression pattern: ^[\\w\\.\\-/]+$');
  }
  return domain;
}

function isPublicSuffix(domain: string): boolean {
  const { hostname, publicSuffix, isIcann } = parse(domain);
  return isIcann === true && hostname === publicSuffix;
}

function refused(reason: string, parameter: string): AwsError {
  const fields = { Field: 'TOKEN_DOMAIN', Parameter: parameter, Reason: reason };
  const message = `Error reason: ${reason}, field: TOKEN_DOMAIN, parameter: ${parameter}`;
  return new AwsError('WAFInvalidParameterException', message, 400, fields);
}
