import { CfnDeletionPolicy, CfnResource, type IResource, Lazy, RemovalPolicy, Resource } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import {
  checkedAttributes,
  checkedProps,
  naming,
  problemsInAttributes,
  problemsInTemplate,
} from './checked-props';
import type { WafCaptchaClientConfig } from './client-config';
import { injectedProps } from './injected-props';
import { Attribute, RESOURCE_TYPE, SERVICE_TIMEOUT_SECONDS } from './properties';
import { WafCaptchaApiKeyProvider } from './waf-captcha-api-key-provider';
import { compareWithWebAcls } from './web-acl-domains';

const AWS_WAF_SOURCE = 'https://*.awswaf.com';

/** The scope of an API key: that of the web ACLs that it serves. */
export enum WafScope {
  /**
   * Web ACLs of regional resources: load balancers, API Gateway, AppSync and so on.
   *
   * The key is in the stack's Region.
   */
  REGIONAL = 'REGIONAL',
  /**
   * Web ACLs of CloudFront distributions, and of AWS Amplify applications.
   *
   * The key is in us-east-1, whatever the stack's Region, and may also serve regional web ACLs everywhere (AWS WAF
   * Developer Guide, "Managing API keys for the JS CAPTCHA API").
   */
  CLOUDFRONT = 'CLOUDFRONT',
}

/** An AWS WAF CAPTCHA API key and the URL of the script that uses it. */
export interface IWafCaptchaApiKey extends IResource {
  /**
   * The key, to be given to `AwsWafCaptcha.renderCaptcha` as `apiKey`: 1 to 2048 characters.
   *
   * It is public by design: it is in the page.
   *
   * @attribute
   */
  readonly apiKey: string;

  /**
   * The integration URL of the key's scope and Region, without a slash at its end.
   *
   * @attribute
   */
  readonly applicationIntegrationUrl: string;

  /**
   * The full URL of the CAPTCHA script, for the page's `script` element: the integration URL with `/jsapi.js`.
   *
   * @attribute
   */
  readonly scriptUrl: string;

  /** What a page needs to show a CAPTCHA: the key, the script's URL and, where they are known, the key's domains. */
  readonly clientConfig: WafCaptchaClientConfig;
}

/** Properties of `WafCaptchaApiKey`. */
export interface WafCaptchaApiKeyProps {
  /**
   * The scope of the web ACL that asks for the CAPTCHA.
   *
   * A change replaces the key. CLOUDFRONT works from a stack in any Region of the partition `aws`; in other
   * partitions, which have no such scope, synthesis fails.
   */
  readonly scope: WafScope;

  /**
   * The domains whose pages may use the key: 1 to 5 bare host names of up to 253 characters each.
   *
   * A page on a sub-domain may use the key too, if `window.awsWafCookieDomainList` names the key's domain or, if that
   * is an apex domain, the page's own. Give the web ACL the same `tokenDomains`: synthesis warns about each domain
   * whose tokens no web ACL in the stage accepts.
   *
   * Names are trimmed, lower-cased, converted to punycode and deduplicated. A change of the set replaces the key,
   * since an API key is immutable; a change of order or letter case does nothing.
   *
   * Synthesis fails for no names or more than five, for a name with a scheme, a port, a path, a wildcard or white
   * space, and for a public suffix such as `co.uk`, which AWS WAF refuses (AWS WAF API Reference, CreateAPIKey;
   * AWS WAF Developer Guide, "Specifying token domains and domain lists in AWS WAF"). A single label such as
   * `localhost`, an IP address and a private suffix such as `github.io` give a warning. Names that are known only at
   * the end of synthesis, such as `Lazy` ones and those that an escape hatch sets, are checked then; names known only
   * at deployment are checked there.
   */
  readonly tokenDomains: string[];

  /**
   * A label of your choice, such as a date or a number. Changing it replaces the key with a new one.
   *
   * The new key has the same domains. A rollback of the change restores the previous key. Synthesis fails for a
   * blank label.
   *
   * @default - the key is replaced only when its scope or its domains change
   */
  readonly rotation?: string;

  /**
   * A key created elsewhere, to use instead of a new one: the 1 to 2048 characters that AWS WAF returned.
   *
   * It may come from the console, the CLI, Terraform or an `AwsCustomResource`. It must exist in `scope` (for
   * REGIONAL, in the stack's Region) and hold exactly `tokenDomains`; otherwise the deployment fails and says
   * what differs. Synthesis fails for a blank one.
   *
   * While this is set, the key is only used: no replacement, no rollback and no deletion of the stack deletes it.
   * Removing this later, with everything else unchanged, keeps the key and hands it over: from then on, the stack
   * owns it.
   *
   * @default - a key is created
   */
  readonly existingApiKey?: string;

  /**
   * Whether a replaced key keeps working until the next replacement.
   *
   * Pages built with the previous key keep working for that long: cached pages, open tabs and front ends that are
   * published later. The previous key is deleted by the next replacement, with this resource or with the stack.
   * A key that the stack never owned stays in any case. Setting or removing this changes no key: it takes effect at
   * the next replacement. A replacement without it deletes both the replaced key and the one before it.
   *
   * While `removalPolicy` is RETAIN, which keeps all replaced keys, this has no effect.
   *
   * @default false - the previous key is deleted at the end of the deployment that replaces it
   */
  readonly keepPreviousKey?: boolean;

  /**
   * Sets what happens to the key when it is removed from the stack or replaced.
   *
   * RETAIN keeps it in both cases. Synthesis fails for SNAPSHOT: a key has no snapshots.
   *
   * @default RemovalPolicy.DESTROY - the key is deleted; AWS WAF may accept it for up to 24 hours more
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** The attributes of an API key that this app does not own. */
export interface WafCaptchaApiKeyAttributes {
  /** The key: 1 to 2048 characters. Synthesis fails for a blank one. */
  readonly apiKey: string;

  /**
   * The integration URL of the key's scope and Region, with or without a slash at its end.
   *
   * Synthesis fails for a blank one, and for the URL of a script.
   */
  readonly applicationIntegrationUrl: string;

  /**
   * The domains that the key holds, for `clientConfig`.
   *
   * Names are checked and converted like those of `WafCaptchaApiKeyProps.tokenDomains`, without warnings.
   *
   * @default - `clientConfig` has no domains
   */
  readonly tokenDomains?: string[];
}

/**
 * An AWS WAF CAPTCHA API key that CloudFormation owns: created with the stack, replaced when its scope or its domains
 * change, kept through rollbacks and deleted with the stack.
 *
 * It is a custom resource, because CloudFormation has no type for it. One function serves all keys of the stack.
 *
 * @resource Custom::WafCaptchaApiKey
 * @exampleMetadata nofixture
 * @example
 *
 * import { App, CfnOutput, Stack } from 'aws-cdk-lib';
 * import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
 *
 * const app = new App();
 * const stack = new Stack(app, 'CaptchaKeyStack');
 *
 * const key = new WafCaptchaApiKey(stack, 'CaptchaKey', {
 *   scope: WafScope.REGIONAL,
 *   tokenDomains: ['example.com', 'shop.example.com'],
 * });
 * new CfnOutput(stack, 'APIKey', { value: key.apiKey });
 * new CfnOutput(stack, 'ScriptUrl', { value: key.scriptUrl });
 */
export class WafCaptchaApiKey extends Resource implements IWafCaptchaApiKey {
  /** The id by which property injectors find this class. */
  public static readonly PROPERTY_INJECTION_ID: string = 'cdk-waf-captcha-api-key.WafCaptchaApiKey';

  /**
   * The sources that a page's content security policy must allow in addition to its own, by directive.
   *
   * They are from the AWS WAF Developer Guide, "Using the JavaScript API with content security policies".
   */
  public static readonly CSP_SOURCES: { [directive: string]: string } = Object.freeze({
    'connect-src': AWS_WAF_SOURCE,
    'script-src': AWS_WAF_SOURCE,
    'script-src-elem': AWS_WAF_SOURCE,
  });

  /**
   * Refers to an API key that is owned elsewhere, such as in another stack.
   *
   * Nothing is looked up, created or deleted.
   *
   * @param scope The construct to which the reference belongs
   * @param id The reference's name in its scope
   * @param attrs The key and its integration URL, neither of which may be blank
   */
  public static fromApiKeyAttributes(
    scope: Construct,
    id: string,
    attrs: WafCaptchaApiKeyAttributes,
  ): IWafCaptchaApiKey {
    const { apiKey, applicationIntegrationUrl, ...domains } = naming(`${scope.node.path}/${id}`, () =>
      checkedAttributes(attrs),
    );
    const scriptUrl = `${applicationIntegrationUrl}/jsapi.js`;
    class Import extends Resource implements IWafCaptchaApiKey {
      public readonly apiKey = apiKey;
      public readonly applicationIntegrationUrl = applicationIntegrationUrl;
      public readonly scriptUrl = scriptUrl;
      public readonly clientConfig = { apiKey, scriptUrl, ...domains };
    }
    const key = new Import(scope, id);
    key.node.addValidation({ validate: () => problemsInAttributes(key, attrs) });
    return key;
  }

  /**
   * The key, to be given to `AwsWafCaptcha.renderCaptcha` as `apiKey`: 1 to 2048 characters.
   *
   * It is public by design: it is in the page.
   *
   * @attribute
   */
  public readonly apiKey: string;

  /**
   * The integration URL of the key's scope and Region, without a slash at its end.
   *
   * @attribute
   */
  public readonly applicationIntegrationUrl: string;

  /**
   * The full URL of the CAPTCHA script, for the page's `script` element: the integration URL with `/jsapi.js`.
   *
   * @attribute
   */
  public readonly scriptUrl: string;

  /**
   * What a page needs to show a CAPTCHA: the key, the script's URL and the key's domains, in their canonical form.
   *
   * All of it is public.
   */
  public readonly clientConfig: WafCaptchaClientConfig;

  private readonly resource: CfnResource;

  /**
   * Adds the key to the stack, and the function that manages it unless the stack already has it.
   *
   * @param scope The construct to which the key belongs
   * @param id The key's name in its scope, and part of its logical id
   * @param props The key's scope and domains, and overrides of the defaults
   */
  constructor(scope: Construct, id: string, props: WafCaptchaApiKeyProps) {
    super(scope, id);
    const { removalPolicy, ...settings } =
      injectedProps(WafCaptchaApiKey.PROPERTY_INJECTION_ID, props, scope, id) ?? {};
    const { properties, ...domains } = naming(this.node.path, () => checkedProps(this, settings));
    const provider = WafCaptchaApiKeyProvider.of(this);
    this.resource = new CfnResource(this, 'Resource', {
      type: RESOURCE_TYPE,
      properties: {
        ServiceToken: provider.handler.functionArn,
        ServiceTimeout: String(SERVICE_TIMEOUT_SECONDS),
        ...properties,
        // a key that RETAIN keeps is the stack's no more: no id may name it, and the policy may still change
        KeepPreviousKey: Lazy.any({
          produce: () => (this.isRetained ? undefined : properties.KeepPreviousKey),
        }),
      },
    });
    this.applyRemovalPolicy(removalPolicy ?? RemovalPolicy.DESTROY);
    // one dependency is enough: the function depends on its role, the policy and the log group
    this.resource.node.addDependency(provider.handler);

    this.apiKey = this.resource.getAtt(Attribute.API_KEY).toString();
    this.applicationIntegrationUrl = this.resource.getAtt(Attribute.APPLICATION_INTEGRATION_URL).toString();
    this.scriptUrl = this.resource.getAtt(Attribute.SCRIPT_URL).toString();
    this.clientConfig = { apiKey: this.apiKey, scriptUrl: this.scriptUrl, ...domains };
    this.node.addValidation({ validate: () => problemsInTemplate(this.resource) });
    compareWithWebAcls(this.resource);
  }

  /**
   * Sets what happens to the key when it is removed from the stack or replaced, in place of `removalPolicy`.
   *
   * @param policy Any policy except SNAPSHOT, for which this throws: a key has no snapshots
   */
  public override applyRemovalPolicy(policy: RemovalPolicy): void {
    naming(this.node.path, () => {
      if (policy !== RemovalPolicy.SNAPSHOT) return;
      throw new Error('removalPolicy: expected DESTROY, RETAIN or RETAIN_ON_UPDATE_OR_DELETE, got SNAPSHOT');
    });
    this.resource.applyRemovalPolicy(policy);
  }

  /** Whether CloudFormation leaves a replaced key alone. */
  private get isRetained(): boolean {
    return this.resource.cfnOptions.updateReplacePolicy === CfnDeletionPolicy.RETAIN;
  }
}
