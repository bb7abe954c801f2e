import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Architecture, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { WafCaptchaApiKey, WafCaptchaApiKeyProvider, WafScope } from 'cdk-waf-captcha-api-key';

const app = new App();

const stack = new Stack(app, 'CaptchaKeyStack');
const key = new WafCaptchaApiKey(stack, 'CaptchaKey', {
  scope: WafScope.REGIONAL,
  tokenDomains: ['example.com', 'shop.example.com'],
});
new CfnOutput(stack, 'APIKey', { value: key.apiKey });
new CfnOutput(stack, 'ScriptUrl', { value: key.scriptUrl });

// every prop, attribute and method that the stack above leaves out
const allMembers = new Stack(app, 'AllMembersStack');
const provider = new WafCaptchaApiKeyProvider(allMembers, 'WafCaptchaApiKeyProvider', {
  architecture: Architecture.ARM_64,
  runtime: Runtime.NODEJS_22_X,
  memorySize: 512,
  timeout: Duration.minutes(5),
  tracing: Tracing.ACTIVE,
  reservedConcurrentExecutions: 10,
});
new CfnOutput(allMembers, 'FunctionArn', { value: provider.handler.functionArn });
new CfnOutput(allMembers, 'RoleArn', { value: WafCaptchaApiKeyProvider.of(allMembers).role.roleArn });
new CfnOutput(allMembers, 'LogGroupName', { value: provider.logGroup.logGroupName });
const adopted = new WafCaptchaApiKey(allMembers, 'AdoptedKey', {
  scope: WafScope.CLOUDFRONT,
  tokenDomains: ['Bücher.example'],
  rotation: 'spring',
  existingApiKey: 'key-made-elsewhere',
  keepPreviousKey: true,
  removalPolicy: RemovalPolicy.RETAIN,
});
new CfnOutput(allMembers, 'IntegrationUrl', { value: adopted.applicationIntegrationUrl });
const kept = new WafCaptchaApiKey(allMembers, 'KeptKey', {
  scope: WafScope.REGIONAL,
  tokenDomains: ['example.org'],
});
kept.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
const imported = WafCaptchaApiKey.fromApiKeyAttributes(allMembers, 'ImportedKey', {
  apiKey: 'key-of-another-stack',
  applicationIntegrationUrl: 'https://captcha.example/',
});
new CfnOutput(allMembers, 'ImportedAPIKey', { value: imported.apiKey });
new CfnOutput(allMembers, 'ImportedScriptUrl', { value: imported.scriptUrl });
