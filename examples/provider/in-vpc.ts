import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { WafCaptchaApiKey, WafCaptchaApiKeyProvider, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

/** A key whose function runs in a VPC, with a role that the app creates. */
export class InVpcStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const vpc = new ec2.Vpc(this, 'Vpc', { maxAzs: 2 });
    vpc.addFlowLog('FlowLog');
    const role = new iam.Role(this, 'CaptchaKeyRole', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });

    new WafCaptchaApiKeyProvider(this, 'WafCaptchaApiKeyProvider', {
      role,
      vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    });
    const key = new WafCaptchaApiKey(this, 'CaptchaKey', {
      scope: WafScope.REGIONAL,
      tokenDomains: ['example.com'],
    });
    new CfnOutput(this, 'APIKey', { value: key.apiKey });
  }
}
