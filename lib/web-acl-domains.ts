import { CfnResource, Stack, Stage } from 'aws-cdk-lib';
import type { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import type { Construct, IConstruct } from 'constructs';
import { warn } from './warning';

/** A key, with what it is for. */
interface Key {
  readonly key: Construct;
  readonly scope: string;
  readonly tokenDomains: readonly string[];
}

const keysOf = new WeakMap<Stack, Key[]>();

/**
 * Warns at synthesis when none of the web ACLs that the key may be for accepts a token of any of its domains.
 *
 * Those are the web ACLs of the key's scope in its stage, account and Region. Nothing is said where there are none, or
 * where synthesis does not know the domains of the key or of one of the web ACLs.
 */
export function compareWithWebAcls(key: Key): void {
  const stack = Stack.of(key.key);
  const keys = keysOf.get(stack);
  if (keys) {
    keys.push(key);
    return;
  }
  keysOf.set(stack, [key]);
  // a validation and no aspect: it sees the tree after every aspect, whatever their priorities
  stack.node.addValidation({ validate: () => compareAll(stack, keysOf.get(stack) ?? []) });
}

function compareAll(stack: Stack, keys: readonly Key[]): string[] {
  const webAcls = webAclsBeside(stack);
  for (const key of keys) {
    const mismatch = mismatchOf(key, webAcls);
    if (mismatch !== undefined) warn('webAclTokenDomains', key.key, mismatch);
  }
  return [];
}

function mismatchOf({ key, scope, tokenDomains }: Key, webAcls: readonly CfnWebACL[]): string | undefined {
  const domains = knownDomains(key, tokenDomains);
  if (domains === undefined) return undefined;
  const others: string[] = [];
  for (const webAcl of webAcls) {
    if (scope !== 'CLOUDFRONT' && webAcl.stack.region !== Stack.of(key).region) continue;
    const itsScope: unknown = Stack.of(webAcl).resolve(webAcl.scope);
    if (typeof itsScope === 'string' && itsScope !== scope) continue;
    const accepted = knownDomains(webAcl, webAcl.tokenDomains);
    if (itsScope !== scope || accepted === undefined || anyRelated(domains, accepted)) return undefined;
    others.push(`${webAcl.node.path} (${accepted.join(', ')})`);
  }
  if (others.length === 0) return undefined;
  return `no web ACL of scope ${scope} accepts tokens for ${domains.join(', ')}: found ${others.join('; ')}`;
}

function webAclsBeside(stack: Stack): CfnWebACL[] {
  const stage = Stage.of(stack);
  return (stage ?? stack.node.root).node
    .findAll()
    .filter(isWebAcl)
    .filter(webAcl => Stage.of(webAcl) === stage && webAcl.stack.account === stack.account);
}

// by its type's name: another copy of aws-cdk-lib has another class
function isWebAcl(construct: IConstruct): construct is CfnWebACL {
  return CfnResource.isCfnResource(construct) && construct.cfnResourceType === 'AWS::WAFv2::WebACL';
}

/** The domains in lower case; undefined where there are none, or where one is a token until the deployment. */
function knownDomains(scope: IConstruct, domains: readonly string[] | undefined): string[] | undefined {
  const resolved: unknown = Stack.of(scope).resolve(domains);
  if (!Array.isArray(resolved) || resolved.length === 0) return undefined;
  const known = resolved.filter(domain => typeof domain === 'string').map(domain => domain.toLowerCase());
  return known.length === resolved.length ? known : undefined;
}

// a web ACL accepts tokens of the sub-domains of its domains, and a page may use a key of a domain above its own
function anyRelated(some: readonly string[], others: readonly string[]): boolean {
  return some.some(one => others.some(other => isWithin(one, other) || isWithin(other, one)));
}

function isWithin(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}
