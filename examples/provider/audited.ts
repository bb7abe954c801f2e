import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { WafCaptchaApiKey, WafCaptchaApiKeyProvider, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

export interface AuditedStackProps extends StackProps {
  readonly vpc: ec2.IVpc;
  readonly deadLetterQueue: sqs.IQueue;
  /** Its key policy must allow CloudWatch Logs to use it. */
  readonly encryptionKey: kms.IKey;
}

/** A key whose function meets the rules of cdk-nag's packs, using resources that a company shares between its stacks. */
export class AuditedStack extends Stack {
  constructor(scope: Construct, id: string, props: AuditedStackProps) {
    super(scope, id, props);
    new WafCaptchaApiKeyProvider(this, 'WafCaptchaApiKeyProvider', {
      vpc: props.vpc,
      deadLetterQueue: props.deadLetterQueue,
      tracing: lambda.Tracing.ACTIVE,
      reservedConcurrentExecutions: 10,
      environmentEncryption: props.encryptionKey,
      logGroup: new logs.LogGroup(this, 'CaptchaKeyLog', {
        encryptionKey: props.encryptionKey,
        retention: logs.RetentionDays.ONE_YEAR,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    });

    const key = new WafCaptchaApiKey(this, 'CaptchaKey', {
      scope: WafScope.REGIONAL,
      tokenDomains: ['example.com'],
    });
    new CfnOutput(this, 'APIKey', { value: key.apiKey });
  }
}
