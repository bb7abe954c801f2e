import {
  CfnResource,
  DefaultTokenResolver,
  type IPostProcessor,
  type IResolvable,
  type IResolveContext,
  Reference,
  type Stack,
  Stage,
  StringConcat,
  Token,
  Tokenization,
} from 'aws-cdk-lib';
import { Construct, type IConstruct } from 'constructs';
import { isKnownLater } from './known-later';
import { isRecord, rendered, renderedProperties } from './rendered-properties';
import { canonicalTokenDomain } from './token-domains';
import { warn } from './warning';

/** The default quota of token domains in a web ACL (AWS WAF Developer Guide, "AWS WAF quotas"). */
const MAX_WEB_ACL_DOMAINS = 10;

const WEB_ACL = 'AWS::WAFv2::WebACL';

/** The id of a construct that holds a web ACL's warnings. */
const FINDINGS = 'WafCaptchaApiKeyFindings';

/** A key, or a web ACL that it may serve, as the template will have it. */
interface Party {
  /** The key's resource, the web ACL or what refers to it by its ARN. */
  readonly resource: CfnResource;
  /** Undefined if it is known only at deployment. */
  readonly scope: string | undefined;
  /** Those that synthesis knows. */
  readonly tokenDomains: readonly string[];
  /** Whether synthesis knows all of them. */
  readonly isComplete: boolean;
}

const keysOf = new WeakMap<Stack, CfnResource[]>();

/**
 * Warns at synthesis if the key has a domain whose tokens no web ACL in the stage accepts.
 *
 * A web ACL accepts tokens for exactly the host that is called, for its `tokenDomains` and for their sub-domains (AWS
 * WAF Developer Guide, "Specifying token domains and domain lists in AWS WAF"). A REGIONAL key serves web ACLs of its
 * Region, a CLOUDFRONT key those of CloudFront and of every Region. There is no warning if no web ACL of the key's scope
 * is in its stage and account, or if synthesis does not know the domains of the key or of a web ACL. Accounts and
 * Regions that are known only at deployment may be any.
 */
export function compareWithWebAcls(key: CfnResource): void {
  const { stack } = key;
  const keys = keysOf.get(stack);
  if (keys) {
    keys.push(key);
    return;
  }
  keysOf.set(stack, [key]);
  // a validation, not an aspect: it sees the tree after every aspect, whatever their priorities
  stack.node.addValidation({ validate: () => compareAll(stack, keysOf.get(stack) ?? []) });
}

function compareAll(stack: Stack, keys: readonly CfnResource[]): string[] {
  const webAcls = webAclsBeside(stack);
  for (const key of keys.map(partyOf)) {
    const served = webAcls.filter(webAcl => mayServe(key, webAcl));
    warnOfQuota(served);
    const mismatch = mismatchOf(key, served);
    if (mismatch !== undefined) warn('webAclTokenDomains', key.resource, mismatch);
  }
  return [];
}

function mayServe(key: Party, webAcl: Party): boolean {
  if (key.scope !== 'REGIONAL') return true;
  return webAcl.scope !== 'CLOUDFRONT' && mayBeEqual(regionOf(key), regionOf(webAcl));
}

function warnOfQuota(webAcls: readonly Party[]): void {
  for (const { resource, tokenDomains } of webAcls) {
    const count = new Set(tokenDomains).size;
    if (count <= MAX_WEB_ACL_DOMAINS) continue;
    warn(
      'webAclQuota',
      childOf(resource),
      `the web ACL has ${count} token domains; the default quota is ${MAX_WEB_ACL_DOMAINS}`,
    );
  }
}

// for late findings, older releases of aws-cdk-lib look for acknowledgements only above the construct
function childOf(webAcl: CfnResource): IConstruct {
  return webAcl.node.tryFindChild(FINDINGS) ?? new Construct(webAcl, FINDINGS);
}

function mismatchOf(key: Party, webAcls: readonly Party[]): string | undefined {
  if (!webAcls.some(webAcl => serves(key, webAcl))) return undefined;
  if (![key, ...webAcls].every(({ scope, isComplete }) => scope !== undefined && isComplete))
    return undefined;

  const domains = key.tokenDomains;
  const refused = domains.filter(domain => !webAcls.some(webAcl => accepts(webAcl, domain)));
  if (refused.length === 0) return undefined;
  const byHost = webAcls.filter(webAcl => webAcl.tokenDomains.length === 0);
  if (byHost.length === 0) {
    const scopes = [...new Set(webAcls.map(webAcl => webAcl.scope))].join(' or ');
    const found = webAcls.map(webAcl => `${pathOf(webAcl)} (${webAcl.tokenDomains.join(', ')})`);
    return `no web ACL of scope ${scopes} accepts tokens for ${refused.join(', ')}: found ${found.join('; ')}`;
  }
  // tokens for exactly the called host are accepted; others exist only if a page names a domain above its own
  const below = domains.find(domain => refused.some(parent => parent !== domain && isWithin(domain, parent)));
  const above = refused.find(parent => below !== undefined && parent !== below && isWithin(below, parent));
  if (below === undefined || above === undefined) return undefined;
  const webAcl = byHost.map(pathOf).join(', ');
  return `${webAcl} has no tokenDomains, so it refuses calls to ${below} with a token for ${above}`;
}

/** Whether a web ACL is certainly of the key's scope, account and, for REGIONAL, Region. */
function serves(key: Party, webAcl: Party): boolean {
  const isBeside = key.scope === 'CLOUDFRONT' || regionOf(key) === regionOf(webAcl);
  return (
    key.scope === webAcl.scope && key.resource.stack.account === webAcl.resource.stack.account && isBeside
  );
}

function regionOf({ resource }: Party): string {
  return resource.stack.region;
}

function mayBeEqual(one: string, other: string): boolean {
  return one === other || [one, other].some(Token.isUnresolved);
}

function pathOf({ resource }: Party): string {
  return resource.node.path;
}

function accepts({ tokenDomains }: Party, tokenDomain: string): boolean {
  return tokenDomains.some(domain => isWithin(tokenDomain, domain));
}

function isWithin(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}

function webAclsBeside(stack: Stack): Party[] {
  const stage = Stage.of(stack);
  return (stage ?? stack.node.root).node
    .findAll()
    .filter(isResource)
    .filter(resource => Stage.of(resource) === stage && mayBeEqual(resource.stack.account, stack.account))
    .flatMap(webAclsIn);
}

/** The web ACL that a resource is, or that it refers to by an ARN from elsewhere. */
function webAclsIn(resource: CfnResource): Party[] {
  switch (resource.cfnResourceType) {
    case WEB_ACL:
      return [partyOf(resource)];
    case 'AWS::WAFv2::WebACLAssociation':
      return elsewhere(resource, 'REGIONAL', 'WebACLArn');
    case 'AWS::CloudFront::Distribution':
      return elsewhere(resource, 'CLOUDFRONT', 'DistributionConfig', 'WebACLId');
    case 'AWS::CloudFront::DistributionTenant':
      return elsewhere(resource, 'CLOUDFRONT', 'Customizations', 'WebAcl', 'Arn');
    default:
      return [];
  }
}

function partyOf(resource: CfnResource): Party {
  const { Scope, TokenDomains = [] } = renderedProperties(resource);
  const names = [TokenDomains].flat();
  const known = names.filter(isKnown);
  return {
    resource,
    scope: isKnown(Scope) ? Scope : undefined,
    tokenDomains: known.map(canonicalTokenDomain),
    isComplete: known.length === names.length,
  };
}

function isKnown(value: unknown): value is string {
  return typeof value === 'string' && !isKnownLater(value);
}

/** The web ACL that a resource refers to by the ARN in a property, unless that is a construct of this app. */
function elsewhere(resource: CfnResource, scope: string, ...property: readonly string[]): Party[] {
  const properties: unknown = renderedProperties(resource);
  const arn = property.reduce((value, name) => (isRecord(value) ? value[name] : undefined), properties);
  if (arn === undefined || arn === '') return [];
  const resolver = new TargetResolver();
  Tokenization.resolve(rendered(resource), { scope: resource, resolver, preparing: false });
  const isOfThisApp = [...resolver.targets].some(
    target => isResource(target) && target.cfnResourceType === WEB_ACL,
  );
  return isOfThisApp ? [] : [{ resource, scope, tokenDomains: [], isComplete: false }];
}

/** Collects the constructs that are referred to. */
class TargetResolver extends DefaultTokenResolver {
  public readonly targets = new Set<IConstruct>();

  constructor() {
    super(new StringConcat());
  }

  public override resolveToken(
    token: IResolvable,
    context: IResolveContext,
    postProcessor: IPostProcessor,
  ): unknown {
    if (Reference.isReference(token)) this.targets.add(token.target);
    return super.resolveToken(token, context, postProcessor);
  }
}

// by CfnResource's own check: another copy of aws-cdk-lib has other classes
function isResource(construct: IConstruct): construct is CfnResource {
  return CfnResource.isCfnResource(construct);
}
