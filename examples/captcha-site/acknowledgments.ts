import { type Stack, Token, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

interface Reasons {
  readonly [rule: string]: string;
}

const whole: Reasons = {
  S1: 'Only the distribution reads the bucket; logs of its requests would repeat the distribution’s.',
  CFR1: 'The page is for visitors from everywhere.',
  CFR3: 'The web ACL’s metrics and sampled requests are enough for an example; your site may need logs.',
  'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
    'The functions of the API and of the deployment may write logs, which is all that this policy allows.',
};

const ownDomainName: Reasons = {
  CFR4: 'CloudFront sets the protocol version for its own domain name; give domains and a certificate for TLS 1.2.',
};

const keyProvider: Reasons = {
  'IAM5[Resource::*]':
    'The API key actions of WAF have no resource types; the policy narrows them by Region.',
};

const deployment: Reasons = {
  L1: 'aws-cdk-lib chooses the runtime of its deployment function.',
  'IAM5[Resource::*]': 'Invalidations, as aws-cdk-lib grants them to its deployment function.',
  'IAM5[Action::s3:GetObject*]': 'Reads the assets.',
  'IAM5[Action::s3:GetBucket*]': 'Reads the assets.',
  'IAM5[Action::s3:List*]': 'Reads the assets.',
  'IAM5[Action::s3:DeleteObject*]': 'Deletes files that are no longer part of the page.',
  'IAM5[Action::s3:Abort*]': 'Ends uploads to the page’s bucket.',
};

/** Acknowledges each finding of cdk-nag's AWS Solutions rules, with the reason why it is acceptable here. */
export function acknowledgeFindings(stack: Stack, isOnOwnDomainName: boolean): void {
  acknowledge(stack, whole);
  if (isOnOwnDomainName) acknowledge(stack, ownDomainName);
  for (const child of stack.node.children) {
    if (child.node.id === 'WafCaptchaApiKeyProvider') acknowledge(child, keyProvider);
    if (child.node.id.startsWith('Custom::CDKBucketDeployment')) {
      acknowledge(child, deployment);
      acknowledge(child, filesOf(stack));
    }
  }
}

function filesOf(stack: Stack): Reasons {
  const account = Token.isUnresolved(stack.account) ? '<AWS::AccountId>' : stack.account;
  const assets = `arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-${account}-${stack.region}`;
  return {
    [`IAM5[Resource::${assets}/*]`]: 'The assets that contain the page.',
    'IAM5[Resource::<Bucket83908E77.Arn>/*]': 'The files of the page.',
  };
}

function acknowledge(construct: IConstruct, reasons: Reasons): void {
  for (const [rule, reason] of Object.entries(reasons)) {
    Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason });
  }
}
