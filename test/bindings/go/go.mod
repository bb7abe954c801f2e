module captchakey

go 1.25

// what the library requires comes with it: without this line Go would take the newest of what the app imports
require github.com/cdk-waf-captcha-api-key/cdk-waf-captcha-api-key-go/cdkwafcaptchaapikey v0.0.0

// generated beside this folder's copy
replace github.com/cdk-waf-captcha-api-key/cdk-waf-captcha-api-key-go/cdkwafcaptchaapikey => ../generated/go/cdkwafcaptchaapikey
