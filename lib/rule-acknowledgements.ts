import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

const WILDCARD_REASON =
  'The API key actions of AWS WAF have no resource type, so IAM takes no other resource for them. ' +
  'The policy narrows them by aws:RequestedRegion.';
const INLINE_REASON =
  'The function deletes keys as long as the stack has any. A managed policy could be detached or deleted before ' +
  'that, so its permissions are part of the role, or of a policy on which every key depends.';

/** Why each finding of cdk-nag's packs on the permissions is acceptable, by rule. */
const REASONS: Readonly<Record<string, string>> = {
  'AwsSolutions-IAM5[Resource::*]': WILDCARD_REASON,
  'Serverless-LambdaStarPermissions': WILDCARD_REASON,
  'HIPAA.Security-IAMNoInlinePolicy': INLINE_REASON,
  'NIST.800.53.R4-IAMNoInlinePolicy': INLINE_REASON,
  'NIST.800.53.R5-IAMNoInlinePolicy': INLINE_REASON,
  'PCI.DSS.321-IAMNoInlinePolicy': INLINE_REASON,
};

/** Acknowledges findings that AWS WAF or custom resources make unavoidable. This adds nothing to the template. */
export function acknowledgeRules(construct: IConstruct): void {
  const rules = Object.entries(REASONS).map(([id, reason]) => ({ id, reason }));
  // aws-cdk-lib before 2.252 has no acknowledgements, and cdk-nag 3 does not run there
  Validations?.of(construct).acknowledge?.(...rules);
}
