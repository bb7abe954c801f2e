import {
  CfnResource,
  DefaultTokenResolver,
  type IPostProcessor,
  type IResolvable,
  type IResolveContext,
  Reference,
  Stack,
  Stage,
  StringConcat,
  Tokenization,
} from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { warn } from './warning';

/** The default quota of token domains in a web ACL (AWS WAF Developer Guide, "AWS WAF quotas"). */
const MAX_WEB_ACL_DOMAINS = 10;

const WEB_ACL = 'AWS::WAFv2::WebACL';

/** A key, with its scope and domains. */
interface Key {
  readonly key: Construct;
  readonly scope: string;
  readonly tokenDomains: readonly string[];
}

/** A web ACL that the key may serve. */
interface WebAcl {
  /** Undefined if the app knows only the web ACL's ARN. */
  readonly construct?: CfnResource;
  readonly region: string;
  /** Undefined if it is known only at deployment. */
  readonly scope: string | undefined;
  /** Undefined if they are known only at deployment; empty if the web ACL has none. */
  readonly tokenDomains: readonly string[] | undefined;
}

const keysOf = new WeakMap<Stack, Key[]>();

/**
 * Warns at synthesis if the key has a domain whose tokens no web ACL in the stage accepts.
 *
 * A web ACL accepts tokens for exactly the host that is called, for its `tokenDomains` and for their sub-domains (AWS
 * WAF Developer Guide, "Specifying token domains and domain lists in AWS WAF"). A REGIONAL key serves web ACLs of its
 * Region, a CLOUDFRONT key those of CloudFront and of every Region. There is no warning if no web ACL of the key's scope
 * is in its stage and account, or if synthesis does not know the domains of the key or of a web ACL.
 */
export function compareWithWebAcls(key: Key): void {
  const stack = Stack.of(key.key);
  const keys = keysOf.get(stack);
  if (keys) {
    keys.push(key);
    return;
  }
  keysOf.set(stack, [key]);
  // a validation, not an aspect: it sees the tree after every aspect, whatever their priorities
  stack.node.addValidation({ validate: () => compareAll(stack, keysOf.get(stack) ?? []) });
}

function compareAll(stack: Stack, keys: readonly Key[]): string[] {
  const webAcls = webAclsBeside(stack);
  for (const key of keys) {
    const served = webAcls.filter(webAcl => mayServe(key, webAcl));
    warnOfQuota(served);
    const mismatch = mismatchOf(key, served);
    if (mismatch !== undefined) warn('webAclTokenDomains', key.key, mismatch);
  }
  return [];
}

function mayServe({ key, scope }: Key, webAcl: WebAcl): boolean {
  if (scope === 'CLOUDFRONT') return true;
  return webAcl.scope !== 'CLOUDFRONT' && webAcl.region === Stack.of(key).region;
}

function warnOfQuota(webAcls: readonly WebAcl[]): void {
  for (const { construct, tokenDomains } of webAcls) {
    const count = new Set(tokenDomains).size;
    if (construct === undefined || count <= MAX_WEB_ACL_DOMAINS) continue;
    warn(
      'webAclQuota',
      construct,
      `the web ACL has ${count} token domains; the default quota is ${MAX_WEB_ACL_DOMAINS}`,
    );
  }
}

function mismatchOf({ key, scope, tokenDomains }: Key, webAcls: readonly WebAcl[]): string | undefined {
  const domains = knownDomains(Stack.of(key).resolve(tokenDomains));
  if (domains === undefined || !webAcls.some(webAcl => webAcl.scope === scope)) return undefined;
  if (webAcls.some(webAcl => webAcl.scope === undefined || webAcl.tokenDomains === undefined))
    return undefined;

  const refused = domains.filter(domain => !webAcls.some(webAcl => accepts(webAcl, domain)));
  if (refused.length === 0) return undefined;
  const byHost = webAcls.filter(webAcl => webAcl.tokenDomains?.length === 0);
  if (byHost.length === 0) {
    const scopes = [...new Set(webAcls.map(webAcl => webAcl.scope))].join(' or ');
    const found = webAcls.map(webAcl => `${pathOf(webAcl)} (${webAcl.tokenDomains?.join(', ')})`);
    return `no web ACL of scope ${scopes} accepts tokens for ${refused.join(', ')}: found ${found.join('; ')}`;
  }
  // tokens for exactly the called host are accepted; others exist only if a page names a domain above its own
  const below = domains.find(domain => refused.some(parent => parent !== domain && isWithin(domain, parent)));
  const above = refused.find(parent => below !== undefined && parent !== below && isWithin(below, parent));
  if (below === undefined || above === undefined) return undefined;
  const webAcl = byHost.map(pathOf).join(', ');
  return `${webAcl} has no tokenDomains, so it refuses calls to ${below} with a token for ${above}`;
}

function pathOf({ construct }: WebAcl): string {
  return construct?.node.path ?? '';
}

function accepts({ tokenDomains = [] }: WebAcl, tokenDomain: string): boolean {
  return tokenDomains.some(domain => isWithin(tokenDomain, domain));
}

function isWithin(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}

function webAclsBeside(stack: Stack): WebAcl[] {
  const stage = Stage.of(stack);
  return (stage ?? stack.node.root).node
    .findAll()
    .filter(isResource)
    .filter(resource => Stage.of(resource) === stage && resource.stack.account === stack.account)
    .flatMap(webAclsIn);
}

/** The web ACL that a resource is, or that it refers to by an ARN from elsewhere. */
function webAclsIn(resource: CfnResource): WebAcl[] {
  const { region } = resource.stack;
  switch (resource.cfnResourceType) {
    case WEB_ACL: {
      const { Scope, TokenDomains = [] } = propertiesOf(resource);
      const scope = typeof Scope === 'string' ? Scope : undefined;
      return [{ construct: resource, region, scope, tokenDomains: knownDomains(TokenDomains) }];
    }
    case 'AWS::WAFv2::WebACLAssociation':
      return isElsewhere(resource, propertiesOf(resource).WebACLArn) ? [byArn(region, 'REGIONAL')] : [];
    case 'AWS::CloudFront::Distribution': {
      const { DistributionConfig } = propertiesOf(resource);
      const arn = isRecord(DistributionConfig) ? DistributionConfig.WebACLId : undefined;
      return isElsewhere(resource, arn) ? [byArn(region, 'CLOUDFRONT')] : [];
    }
    default:
      return [];
  }
}

function byArn(region: string, scope: string): WebAcl {
  return { region, scope, tokenDomains: undefined };
}

/** Whether a resource refers to a web ACL that is not a construct of this app. */
function isElsewhere(resource: CfnResource, arn: unknown): boolean {
  if (arn === undefined || arn === '') return false;
  const resolver = new TargetResolver();
  Tokenization.resolve(rendered(resource), { scope: resource, resolver, preparing: false });
  return ![...resolver.targets].some(target => isResource(target) && target.cfnResourceType === WEB_ACL);
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

/** A resource's properties as the template will have them, overrides included. */
function propertiesOf(resource: CfnResource): Record<string, unknown> {
  const template: unknown = resource.stack.resolve(rendered(resource));
  const resources =
    isRecord(template) && isRecord(template.Resources) ? Object.values(template.Resources) : [];
  const [entry] = resources;
  return isRecord(entry) && isRecord(entry.Properties) ? entry.Properties : {};
}

function rendered(resource: CfnResource): unknown {
  const render: unknown = Reflect.get(resource, '_toCloudFormation');
  return typeof render === 'function' ? render.call(resource) : {};
}

/** The domains in lower case; undefined if one of them is known only at deployment. */
function knownDomains(domains: unknown): string[] | undefined {
  if (!Array.isArray(domains)) return undefined;
  const known = domains.filter(domain => typeof domain === 'string').map(domain => domain.toLowerCase());
  return known.length === domains.length ? known : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

// by CfnResource's own check: another copy of aws-cdk-lib has other classes
function isResource(construct: IConstruct): construct is CfnResource {
  return CfnResource.isCfnResource(construct);
}
