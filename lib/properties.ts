/** The type of the custom resource in the template. */
export const RESOURCE_TYPE = 'Custom::WafCaptchaApiKey';

/**
 * What the construct writes into the template and the handler reads back.
 *
 * The names are a contract with every stack ever deployed: CloudFormation passes old shapes to new handlers
 * (an upgrade) and new shapes to old ones (a rollback). Names are never reused and unknown ones are ignored.
 */
export interface WafCaptchaApiKeyProperties {
  readonly Scope: string;
  readonly TokenDomains: string[];
  readonly Rotation?: string;
  readonly ExistingApiKey?: string;
  /** Arrives at the handler as the string `true`; absent if the prop is false. */
  readonly KeepPreviousKey?: true;
}

/** The attributes that `Fn::GetAtt` reads, and the keys of `Data` in the handler's response. */
export enum Attribute {
  API_KEY = 'APIKey',
  APPLICATION_INTEGRATION_URL = 'ApplicationIntegrationURL',
  SCRIPT_URL = 'ScriptURL',
}

/** The longest that one invocation may run, in seconds: Lambda's maximum, since a full stack waits for WAF's quota. */
export const FUNCTION_TIMEOUT_SECONDS = 900;

/** The shortest timeout, in seconds: less would leave no time for AWS WAF's quota and the response. */
export const LOWEST_FUNCTION_TIMEOUT_SECONDS = 60;

/** How long CloudFormation waits for a response, in seconds: its maximum. */
export const SERVICE_TIMEOUT_SECONDS = 3600;
