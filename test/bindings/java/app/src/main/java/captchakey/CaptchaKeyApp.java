package captchakey;

import io.github.cdk_waf_captcha_api_key.IWafCaptchaApiKey;
import io.github.cdk_waf_captcha_api_key.WafCaptchaApiKey;
import io.github.cdk_waf_captcha_api_key.WafCaptchaApiKeyAttributes;
import io.github.cdk_waf_captcha_api_key.WafCaptchaApiKeyProvider;
import io.github.cdk_waf_captcha_api_key.WafScope;
import java.util.List;
import software.amazon.awscdk.App;
import software.amazon.awscdk.CfnOutput;
import software.amazon.awscdk.Duration;
import software.amazon.awscdk.RemovalPolicy;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.services.lambda.Architecture;
import software.amazon.awscdk.services.lambda.Runtime;
import software.amazon.awscdk.services.lambda.Tracing;

public final class CaptchaKeyApp {
  public static void main(String[] args) {
    App app = new App();

    Stack stack = new Stack(app, "CaptchaKeyStack");
    WafCaptchaApiKey key = WafCaptchaApiKey.Builder.create(stack, "CaptchaKey")
        .scope(WafScope.REGIONAL)
        .tokenDomains(List.of("example.com", "shop.example.com"))
        .build();
    output(stack, "APIKey", key.getApiKey());
    output(stack, "ScriptUrl", key.getScriptUrl());

    // every prop, attribute and method that the stack above leaves out
    Stack allMembers = new Stack(app, "AllMembersStack");
    WafCaptchaApiKeyProvider provider =
        WafCaptchaApiKeyProvider.Builder.create(allMembers, "WafCaptchaApiKeyProvider")
            .architecture(Architecture.ARM_64)
            .runtime(Runtime.NODEJS_22_X)
            .memorySize(512)
            .timeout(Duration.minutes(5))
            .tracing(Tracing.ACTIVE)
            .reservedConcurrentExecutions(10)
            .build();
    output(allMembers, "FunctionArn", provider.getHandler().getFunctionArn());
    output(allMembers, "RoleArn", WafCaptchaApiKeyProvider.of(allMembers).getRole().getRoleArn());
    output(allMembers, "LogGroupName", provider.getLogGroup().getLogGroupName());
    WafCaptchaApiKey adopted = WafCaptchaApiKey.Builder.create(allMembers, "AdoptedKey")
        .scope(WafScope.CLOUDFRONT)
        .tokenDomains(List.of("Bücher.example"))
        .rotation("spring")
        .existingApiKey("key-made-elsewhere")
        .keepPreviousKey(true)
        .removalPolicy(RemovalPolicy.RETAIN)
        .build();
    output(allMembers, "IntegrationUrl", adopted.getApplicationIntegrationUrl());
    WafCaptchaApiKey kept = WafCaptchaApiKey.Builder.create(allMembers, "KeptKey")
        .scope(WafScope.REGIONAL)
        .tokenDomains(List.of("example.org"))
        .build();
    kept.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    IWafCaptchaApiKey imported = WafCaptchaApiKey.fromApiKeyAttributes(allMembers, "ImportedKey",
        WafCaptchaApiKeyAttributes.builder()
            .apiKey("key-of-another-stack")
            .applicationIntegrationUrl("https://captcha.example/")
            .build());
    output(allMembers, "ImportedAPIKey", imported.getApiKey());
    output(allMembers, "ImportedScriptUrl", imported.getScriptUrl());

    app.synth();
  }

  private static void output(Stack stack, String id, String value) {
    CfnOutput.Builder.create(stack, id).value(value).build();
  }

  private CaptchaKeyApp() {}
}
