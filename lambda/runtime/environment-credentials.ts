/**
 * Replaces `@aws-sdk/credential-provider-node` in the bundle: Lambda gives a function its credentials in the
 * environment and nowhere else, so the rest of that chain is never reached.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
