import { App } from 'aws-cdk-lib';
import { CaptchaSite } from './captcha-site';

// cdk deploy                                                            on CloudFront's own domain name
// cdk deploy -c domains=example.com,www.example.com -c certificate=arn:…  on domains of yours
// … -c api=https://api.example.com                                       with an API on another host
const app = new App();
const domains: string | undefined = app.node.tryGetContext('domains');
const certificateArn: string | undefined = app.node.tryGetContext('certificate');
new CaptchaSite(app, 'CaptchaSite', {
  // web ACLs of scope CLOUDFRONT, and the certificates of distributions, exist in this Region only
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: 'us-east-1' },
  domains: domains?.split(','),
  certificateArn,
  apiUrl: app.node.tryGetContext('api'),
});
