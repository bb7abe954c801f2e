import { WafCaptchaApiKey } from 'cdk-waf-captcha-api-key';

/** The file from which the page loads its configuration. */
export const CONFIG_FILE = 'captcha-config.json';

/**
 * A content security policy for a page that loads only its own files and AWS WAF's scripts, and calls only its own host
 * and `apiUrl`.
 *
 * It has no `default-src`: AWS documents three directives, but not which styles, images and sound a puzzle needs. Do not
 * put the policy on responses that a CAPTCHA rule guards: when a browser opens one as a page, AWS WAF sends its own page
 * with the puzzle, whose inline script this policy would block.
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
