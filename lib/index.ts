export * from './client-config';
export * from './waf-captcha-api-key';
export * from './waf-captcha-api-key-provider';
