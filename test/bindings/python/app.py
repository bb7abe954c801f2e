from aws_cdk import App, CfnOutput, RemovalPolicy, Stack
from cdk_waf_captcha_api_key import WafCaptchaApiKey, WafScope

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
adopted = WafCaptchaApiKey(
    all_members,
    "AdoptedKey",
    scope=WafScope.CLOUDFRONT,
    token_domains=["Bücher.example"],
    rotation="spring",
    existing_api_key="key-made-elsewhere",
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
