module captchakey

go 1.25

// generated beside this folder's copy; `go mod tidy` adds what it requires
replace github.com/cdk-waf-captcha-api-key/cdk-waf-captcha-api-key-go/cdkwafcaptchaapikey => ../generated/go/cdkwafcaptchaapikey
