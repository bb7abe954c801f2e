/** Where the page looks for its configuration. */
export const CONFIG_FILE = 'captcha-config.json';

/**
 * A content security policy for a page that loads nothing but its own files and what `sources` adds.
 *
 * It has no `default-src`: AWS documents the three directives of `sources` and not what a puzzle needs of styles,
 * images and sound.
 */
export function contentSecurityPolicy(sources: Readonly<Record<string, string>>): string {
  return [
    ...Object.entries(sources).map(([directive, source]) => `${directive} 'self' ${source}`),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
