/**
 * What a page needs to show a CAPTCHA with the JavaScript API. All of it is public.
 *
 * Pass it to `Source.jsonData` of `aws-s3-deployment` or, with `stack.toJsonString`, to an output or an SSM parameter.
 */
export interface WafCaptchaClientConfig {
  /** The key, for `AwsWafCaptcha.renderCaptcha`. */
  readonly apiKey: string;

  /** The full URL of the CAPTCHA script, for `<script src="…" defer>`. */
  readonly scriptUrl: string;

  /**
   * The domains that the key holds.
   *
   * A page on one of them may use the key as it is. A page on a sub-domain must name a domain in
   * `window.awsWafCookieDomainList`: the key's domain or, if that is an apex domain, the page's own (AWS WAF Developer
   * Guide, "Managing API keys for the JS CAPTCHA API").
   *
   * @default - absent for a key of `fromApiKeyAttributes` without domains, and if the domains are a list token, such as
   * a parameter's, because converting that to JSON would need another function in the stack
   */
  readonly tokenDomains?: string[];
}
