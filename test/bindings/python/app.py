from aws_cdk import App, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk.aws_lambda import Architecture, Runtime, Tracing
from cdk_waf_captcha_api_key import WafCaptchaApiKey, WafCaptchaApiKeyProvider, WafScope

app = App()

stack = Stack(app, "CaptchaKeyStack")
key = WafCaptchaApiKey(
    stack,
    "CaptchaKey",
    scope=WafScope.REGIONAL,
    token_domains=["example.com", "shop.example.com"],
)
CfnOutput(stack, "APIKey", value=key.api_key)
CfnOutput(stack, "ScriptUrl", value=key.script_url)

# every prop, attribute and method that the stack above leaves out
all_members = Stack(app, "AllMembersStack")
provider = WafCaptchaApiKeyProvider(
    all_members,
    "WafCaptchaApiKeyProvider",
    architecture=Architecture.ARM_64,
    runtime=Runtime.NODEJS_22_X,
    memory_size=512,
    timeout=Duration.minutes(5),
    tracing=Tracing.ACTIVE,
    reserved_concurrent_executions=10,
)
CfnOutput(all_members, "FunctionArn", value=provider.handler.function_arn)
CfnOutput(all_members, "RoleArn", value=WafCaptchaApiKeyProvider.of(all_members).role.role_arn)
CfnOutput(all_members, "LogGroupName", value=provider.log_group.log_group_name)
adopted = WafCaptchaApiKey(
    all_members,
    "AdoptedKey",
    scope=WafScope.CLOUDFRONT,
    token_domains=["Bücher.example"],
    rotation="spring",
    existing_api_key="key-made-elsewhere",
    keep_previous_key=True,
    removal_policy=RemovalPolicy.RETAIN,
)
CfnOutput(all_members, "IntegrationUrl", value=adopted.application_integration_url)
kept = WafCaptchaApiKey(
    all_members, "KeptKey", scope=WafScope.REGIONAL, token_domains=["example.org"]
)
kept.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
imported = WafCaptchaApiKey.from_api_key_attributes(
    all_members,
    "ImportedKey",
    api_key="key-of-another-stack",
    application_integration_url="https://captcha.example/",
)
CfnOutput(all_members, "ImportedAPIKey", value=imported.api_key)
CfnOutput(all_members, "ImportedScriptUrl", value=imported.script_url)

app.synth()
