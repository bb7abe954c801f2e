package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
	captcha "github.com/cdk-waf-captcha-api-key/cdk-waf-captcha-api-key-go/cdkwafcaptchaapikey"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)

	stack := awscdk.NewStack(app, jsii.String("CaptchaKeyStack"), nil)
	key := captcha.NewWafCaptchaApiKey(stack, jsii.String("CaptchaKey"), &captcha.WafCaptchaApiKeyProps{
		Scope:        captcha.WafScope_REGIONAL,
		TokenDomains: jsii.Strings("example.com", "shop.example.com"),
	})
	output(stack, "APIKey", key.ApiKey())
	output(stack, "ScriptUrl", key.ScriptUrl())

	// every prop, attribute and method that the stack above leaves out
	allMembers := awscdk.NewStack(app, jsii.String("AllMembersStack"), nil)
	provider := captcha.NewWafCaptchaApiKeyProvider(allMembers, jsii.String("WafCaptchaApiKeyProvider"), &captcha.WafCaptchaApiKeyProviderProps{
		Architecture:                 awslambda.Architecture_ARM_64(),
		Runtime:                      awslambda.Runtime_NODEJS_22_X(),
		MemorySize:                   jsii.Number(512),
		Timeout:                      awscdk.Duration_Minutes(jsii.Number(5)),
		Tracing:                      awslambda.Tracing_ACTIVE,
		ReservedConcurrentExecutions: jsii.Number(10),
	})
	output(allMembers, "FunctionArn", provider.Handler().FunctionArn())
	output(allMembers, "RoleArn", captcha.WafCaptchaApiKeyProvider_Of(allMembers).Role().RoleArn())
	output(allMembers, "LogGroupName", provider.LogGroup().LogGroupName())
	adopted := captcha.NewWafCaptchaApiKey(allMembers, jsii.String("AdoptedKey"), &captcha.WafCaptchaApiKeyProps{
		Scope:           captcha.WafScope_CLOUDFRONT,
		TokenDomains:    jsii.Strings("Bücher.example"),
		Rotation:        jsii.String("spring"),
		ExistingApiKey:  jsii.String("key-made-elsewhere"),
		KeepPreviousKey: jsii.Bool(true),
		RemovalPolicy:   awscdk.RemovalPolicy_RETAIN,
	})
	output(allMembers, "IntegrationUrl", adopted.ApplicationIntegrationUrl())
	kept := captcha.NewWafCaptchaApiKey(allMembers, jsii.String("KeptKey"), &captcha.WafCaptchaApiKeyProps{
		Scope:        captcha.WafScope_REGIONAL,
		TokenDomains: jsii.Strings("example.org"),
	})
	kept.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE)
	imported := captcha.WafCaptchaApiKey_FromApiKeyAttributes(allMembers, jsii.String("ImportedKey"), &captcha.WafCaptchaApiKeyAttributes{
		ApiKey:                    jsii.String("key-of-another-stack"),
		ApplicationIntegrationUrl: jsii.String("https://captcha.example/"),
	})
	output(allMembers, "ImportedAPIKey", imported.ApiKey())
	output(allMembers, "ImportedScriptUrl", imported.ScriptUrl())

	app.Synth(nil)
}

func output(stack awscdk.Stack, id string, value *string) {
	awscdk.NewCfnOutput(stack, jsii.String(id), &awscdk.CfnOutputProps{Value: value})
}
