import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';

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
const adopted = new WafCaptchaApiKey(allMembers, 'AdoptedKey', {
  scope: WafScope.CLOUDFRONT,
  tokenDomains: ['Bücher.example'],
  rotation: 'spring',
  existingApiKey: 'key-made-elsewhere',
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
