package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	captcha "github.com/cdk-waf-captcha-api-key/cdk-waf-captcha-api-key-go/cdkwafcaptchaapikey"
)

func TestTheLibrarySaysWhatItExpectedAndWhatItGot(t *testing.T) {
	defer jsii.Close()
	expected := `expected a bare host name such as "example.com", got "co.uk": it is a public suffix`
	defer func() {
		if message := fmt.Sprint(recover()); !strings.Contains(message, expected) {
			t.Errorf("expected a panic with %q, got %q", expected, message)
		}
	}()
	captcha.NewWafCaptchaApiKey(awscdk.NewStack(nil, nil, nil), jsii.String("Key"), &captcha.WafCaptchaApiKeyProps{
		Scope:        captcha.WafScope_REGIONAL,
		TokenDomains: jsii.Strings("co.uk"),
	})
}
