import type { CaptchaService } from './captcha-service';
import { type Answers, type HttpRequest, type HttpResponse, headerOf, json } from './http';
import { forward } from './servers';
import { type Template, theOnly } from './template';
import { responseOfWebAcl, type WebAclProperties } from './web-acl';

interface Distribution {
  readonly DistributionConfig: {
    readonly WebACLId?: unknown;
    readonly DefaultRootObject?: string;
    readonly DefaultCacheBehavior: Behavior;
    readonly CacheBehaviors?: readonly (Behavior & { readonly PathPattern: string })[];
    readonly Origins: readonly Origin[];
  };
}

interface Behavior {
  readonly TargetOriginId: string;
  readonly ViewerProtocolPolicy: string;
  readonly AllowedMethods?: readonly string[];
  readonly OriginRequestPolicyId?: unknown;
  readonly ResponseHeadersPolicyId?: unknown;
}

/** An origin of a distribution in a template. */
export interface Origin {
  readonly Id: string;
  readonly DomainName: unknown;
}

interface ResponseHeadersPolicy {
  readonly ResponseHeadersPolicyConfig: {
    readonly CorsConfig?: {
      readonly AccessControlAllowCredentials: boolean;
      readonly AccessControlAllowHeaders: { readonly Items: readonly string[] };
      readonly AccessControlAllowMethods: { readonly Items: readonly string[] };
      readonly AccessControlAllowOrigins: { readonly Items: readonly string[] };
      readonly AccessControlExposeHeaders?: { readonly Items: readonly string[] };
      readonly AccessControlMaxAgeSec?: number;
    };
    readonly SecurityHeadersConfig?: {
      readonly ContentSecurityPolicy?: { readonly ContentSecurityPolicy: string };
    };
  };
}

interface OriginRequestPolicy {
  readonly OriginRequestPolicyConfig: {
    readonly CookiesConfig: { readonly CookieBehavior: string; readonly Cookies?: readonly string[] };
    readonly HeadersConfig: { readonly HeaderBehavior: string; readonly Headers?: readonly string[] };
  };
}

/** A managed policy of AWS (CloudFront Developer Guide, "Use managed origin request policies"). */
const ALL_VIEWER_EXCEPT_HOST_HEADER = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';

export interface DistributionOptions {
  readonly captcha: CaptchaService;
  /** The loopback port of an origin of the template. */
  readonly portOf: (origin: Origin) => number;
}

/** Answers as CloudFront would for the distribution in the template, with its web ACL and its policies. */
export function distributionOf(template: Template, { captcha, portOf }: DistributionOptions): Answers {
  const { DistributionConfig: config } = theOnly<Distribution>(template, 'AWS::CloudFront::Distribution');
  const webAcl = config.WebACLId && theOnly<WebAclProperties>(template, 'AWS::WAFv2::WebACL');
  return async request => {
    const behavior = behaviorFor(config, request.path);
    if (request.scheme === 'http' && behavior.ViewerProtocolPolicy !== 'allow-all')
      return toHttps(behavior, request);
    const refused = webAcl ? responseOfWebAcl(webAcl, request, captcha) : undefined;
    const response = refused ?? (await fromOrigin(behavior, request));
    const { headers } = response;
    return { ...response, headers: { ...headers, ...headersOf(behavior, request) } };
  };

  async function fromOrigin(behavior: Behavior, request: HttpRequest): Promise<HttpResponse> {
    const { AllowedMethods = ['GET', 'HEAD'], TargetOriginId, OriginRequestPolicyId } = behavior;
    if (!AllowedMethods.includes(request.method))
      return json(403, { message: `${request.method} is not allowed` });
    const origin = config.Origins.find(({ Id }) => Id === TargetOriginId);
    if (!origin) throw new Error(`expected an origin ${TargetOriginId} in the template`);
    const path = request.path === '/' ? `/${config.DefaultRootObject ?? ''}` : request.path;
    const forwardsAll = String(OriginRequestPolicyId) === ALL_VIEWER_EXCEPT_HOST_HEADER;
    const policy = policyOf<OriginRequestPolicy>(template, OriginRequestPolicyId);
    const headers = forwardsAll ? request.headers : forwardedHeaders(policy, request);
    const host = typeof origin.DomainName === 'string' ? origin.DomainName : 'origin.example.amazonaws.com';
    return forward(portOf(origin), { ...request, path, headers, host });
  }

  function headersOf({ ResponseHeadersPolicyId }: Behavior, request: HttpRequest): Record<string, string> {
    const { CorsConfig: cors, SecurityHeadersConfig: security } =
      policyOf<ResponseHeadersPolicy>(template, ResponseHeadersPolicyId)?.ResponseHeadersPolicyConfig ?? {};
    const policy = security?.ContentSecurityPolicy?.ContentSecurityPolicy;
    const origin = headerOf(request, 'origin');
    const isAllowed = cors?.AccessControlAllowOrigins.Items.includes(origin);
    return {
      ...(policy && { 'content-security-policy': policy }),
      ...(cors &&
        isAllowed && {
          vary: 'origin',
          'access-control-allow-origin': origin,
          'access-control-allow-headers': cors.AccessControlAllowHeaders.Items.join(),
          'access-control-allow-methods': cors.AccessControlAllowMethods.Items.join(),
          'access-control-expose-headers': (cors.AccessControlExposeHeaders?.Items ?? []).join(),
        }),
    };
  }
}

/** The properties of the policy that a behavior refers to; none for a managed policy, which is known by its id. */
function policyOf<Policy>({ Resources }: Template, id: unknown): Policy | undefined {
  if (typeof id !== 'object' || id === null || !('Ref' in id)) return undefined;
  return Resources[String(id.Ref)]?.Properties as Policy;
}

/** CloudFront chooses by the normalised path, but sends the origin the path as requested. */
function behaviorFor(
  { DefaultCacheBehavior, CacheBehaviors = [] }: Distribution['DistributionConfig'],
  path: string,
) {
  const { pathname } = new URL(
    `http://x${path.replace(/%(2d|2e|5f|7e|3\d|[46][1-9a-f]|[57][0-9a])/gi, decodeURIComponent)}`,
  );
  const fitting = CacheBehaviors.find(({ PathPattern }) => {
    const pattern = PathPattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
    return new RegExp(`^${pattern}$`).test(pathname);
  });
  return fitting ?? DefaultCacheBehavior;
}

function toHttps({ ViewerProtocolPolicy }: Behavior, { host, path }: HttpRequest): HttpResponse {
  return ViewerProtocolPolicy === 'redirect-to-https'
    ? { status: 301, headers: { location: `https://${host}${path}` }, body: '' }
    : json(403, { message: 'HTTPS is required' });
}

/** Without cookies and with few headers, except for those that a policy names. */
function forwardedHeaders(
  policy: OriginRequestPolicy | undefined,
  request: HttpRequest,
): HttpRequest['headers'] {
  const { CookiesConfig, HeadersConfig } = policy?.OriginRequestPolicyConfig ?? {};
  const cookies = headerOf(request, 'cookie')
    .split(/;\s*/)
    .filter(cookie => CookiesConfig?.Cookies?.includes(cookie.split('=')[0] ?? ''));
  const names = ['content-type', ...(HeadersConfig?.Headers ?? [])];
  const headers = names.flatMap(name => {
    const value = request.headers[name.toLowerCase()];
    return value === undefined ? [] : [[name.toLowerCase(), value]];
  });
  return { ...Object.fromEntries(headers), ...(cookies.length > 0 && { cookie: cookies.join('; ') }) };
}
