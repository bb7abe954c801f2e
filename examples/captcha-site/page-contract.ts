import { WafCaptchaApiKey } from 'cdk-waf-captcha-api-key';

/** Where the page looks for its configuration. */
export const CONFIG_FILE = 'captcha-config.json';

/**
 * A content security policy for a page that loads nothing but its own files and AWS WAF's scripts.
 *
 * It has no `default-src`: AWS documents three directives, and not what a puzzle needs of styles, images and sound.
 */
export const CONTENT_SECURITY_POLICY = [
  ...Object.entries(WafCaptchaApiKey.CSP_SOURCES).map(
    ([directive, source]) => `${directive} 'self' ${source}`,
  ),
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');
