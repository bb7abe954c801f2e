/**
 * What a page needs to show a CAPTCHA with the JavaScript API, all of it public.
 *
 * Ready for `Source.jsonData` of `aws-s3-deployment`, or with `stack.toJsonString` for an output or an SSM parameter.
 */
export interface WafCaptchaClientConfig {
  /** The key, for `AwsWafCaptcha.renderCaptcha`. */
  readonly apiKey: string;

  /** The full URL of the CAPTCHA script, for `<script src="…" defer>`. */
  readonly scriptUrl: string;

  /**
   * The domains that the key holds.
   *
   * A page on one of them may use the key as it is. A page below one has to name a domain in
   * `window.awsWafCookieDomainList`: that domain itself, or, where it is an apex domain, the page's own (AWS WAF Developer
   * Guide, "Managing API keys for the JS CAPTCHA API").
   *
   * @default - absent, for a key of `fromApiKeyAttributes` whose domains were not given, and where the domains are a
   * list token, such as a parameter's: its JSON would need a function of its own in the stack
   */
  readonly tokenDomains?: string[];
}
