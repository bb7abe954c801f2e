/** The type of the custom resource in the template. */
export const RESOURCE_TYPE = 'Custom::WafCaptchaApiKey';

/**
 * What the construct writes into the template and the handler reads back.
 *
 * The names are a contract with every stack ever deployed: CloudFormation hands old shapes to new handlers
 * (an upgrade) and new shapes to old ones (a rollback). Names are never reused and unknown ones are ignored.
 */
export interface WafCaptchaApiKeyProperties {
  readonly Scope: string;
  readonly TokenDomains: string[];
  readonly Rotation?: string;
  readonly ExistingApiKey?: string;
}

/** The attributes that `Fn::GetAtt` reads, and the keys of `Data` in the handler's answer. */
export enum Attribute {
  API_KEY = 'APIKey',
  APPLICATION_INTEGRATION_URL = 'ApplicationIntegrationURL',
  SCRIPT_URL = 'ScriptURL',
  CREATION_TIMESTAMP = 'CreationTimestamp',
}

/** Longest run of one invocation, in seconds: what Lambda allows at most, since a full stack waits for WAF's quota. */
export const FUNCTION_TIMEOUT_SECONDS = 900;

/** How long Lambda keeps an event for retries, in seconds. */
export const MAXIMUM_EVENT_AGE_SECONDS = 2640;

/**
 * How long CloudFormation waits for an answer, in seconds. Longer than the event's age and one more run, so that
 * no invocation can outlive it.
 */
export const SERVICE_TIMEOUT_SECONDS = 3600;
