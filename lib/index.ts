export * from './waf-captcha-api-key';
