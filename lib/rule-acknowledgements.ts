import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** The rules of cdk-nag's packs that are against a wildcard as the resource. */
const NO_WILDCARD = ['AwsSolutions-IAM5[Resource::*]', 'Serverless-LambdaStarPermissions'];
/** Those that are against inline policies. */
const NO_INLINE_POLICY = ['HIPAA.Security', 'NIST.800.53.R4', 'NIST.800.53.R5', 'PCI.DSS.321'].map(
  pack => `${pack}-IAMNoInlinePolicy`,
);

/**
 * Acknowledges what cdk-nag finds in the policy of `HandlerPermissions` though AWS WAF or custom resources make it
 * unavoidable. Give it what holds that policy and no statement of the app's. This adds nothing to the template.
 */
export function acknowledgePermissions(construct: IConstruct | undefined): void {
  acknowledge(
    construct,
    NO_WILDCARD,
    'The API key actions of AWS WAF have no resource type, so IAM takes no other resource for them; the policy narrows ' +
      'them by aws:RequestedRegion. Nor have those for tracing, and those for the network interfaces of a VPC cannot ' +
      'name interfaces that do not exist yet.',
  );
  acknowledge(
    construct,
    NO_INLINE_POLICY,
    'The function deletes keys as long as the stack has any. A managed policy could be detached or deleted before ' +
      'that, so its permissions are part of the role, or of a policy on which every key depends.',
  );
}

/** Acknowledges that a role has a policy which `lambda.Function` adds for its queue or its destination. */
export function acknowledgeOwnPolicy(construct: IConstruct | undefined): void {
  acknowledge(
    construct,
    NO_INLINE_POLICY,
    'The AWS CDK adds the permissions for a dead-letter queue or a destination to the role as a policy of the stack.',
  );
}

function acknowledge(construct: IConstruct | undefined, ids: readonly string[], reason: string): void {
  if (!construct) return;
  const rules = ids.map(id => ({ id, reason }));
  // aws-cdk-lib before 2.252 has no acknowledgements, and cdk-nag 3 does not run there
  Validations?.of(construct).acknowledge?.(...rules);
}
