import { WafCaptchaApiKey } from 'cdk-waf-captcha-api-key';

/** Where the page looks for its configuration. */
export const CONFIG_FILE = 'captcha-config.json';

/**
 * A content security policy for a page that loads nothing but its own files and AWS WAF's scripts, and calls its own
 * host and `apiUrl`.
 *
 * It has no `default-src`: AWS documents three directives, and not what a puzzle needs of styles, images and sound.
 * Do not put it on what a CAPTCHA rule guards: where a browser opens that as a page, AWS WAF sends a page of its own with
 * the puzzle, whose script is written in it, which this policy would block.
 */
export function contentSecurityPolicy(apiUrl?: string): string {
  const own = apiUrl === undefined ? "'self'" : `'self' ${new URL(apiUrl).origin}`;
  return [
    ...Object.entries(WafCaptchaApiKey.CSP_SOURCES).map(
      ([directive, source]) => `${directive} ${directive === 'connect-src' ? own : "'self'"} ${source}`,
    ),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
