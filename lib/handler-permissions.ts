import { CfnResource, type IResolveContext, type Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';

/** The Region of keys of scope CLOUDFRONT. */
const CLOUDFRONT_REGION = 'us-east-1';

/** What the function may do. If anything puts it in a VPC, the permissions for that are included. */
export class HandlerPermissions extends iam.PolicyDocument {
  private handler?: lambda.Function;

  constructor(
    stack: Stack,
    logGroup: logs.ILogGroup,
    private includesVpc: boolean,
  ) {
    super({
      statements: [
        new iam.PolicyStatement({
          actions: ['wafv2:CreateAPIKey', 'wafv2:DeleteAPIKey', 'wafv2:ListAPIKeys'],
          // none of the three has a resource type (Service Authorization Reference, AWS WAF V2)
          resources: ['*'],
          // both Regions always: after a change of scope the old key is deleted under the new policy
          conditions: {
            StringEquals: { 'aws:RequestedRegion': [...new Set([stack.region, CLOUDFRONT_REGION])] },
          },
        }),
        new iam.PolicyStatement({
          // to learn which keys the stack owns, whether it is rolling back, and whether a request still stands
          actions: [
            'cloudformation:DescribeStackEvents',
            'cloudformation:DescribeStackResource',
            'cloudformation:DescribeStacks',
            'cloudformation:ListStackResources',
          ],
          resources: [stack.stackId],
        }),
        new iam.PolicyStatement({
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [logGroup.logGroupArn],
        }),
        ...(includesVpc ? [vpcStatement()] : []),
      ],
    });
  }

  /** Checks whether this function is in a VPC when the policy is written to the template. */
  public follow(handler: lambda.Function): void {
    this.handler = handler;
  }

  public override resolve(context: IResolveContext): ReturnType<iam.PolicyDocument['resolve']> {
    if (!this.includesVpc && this.handler && isInVpc(this.handler)) {
      this.includesVpc = true;
      this.addStatements(vpcStatement());
    }
    return super.resolve(context);
  }
}

/** The permissions of the managed policy AWSLambdaVPCAccessExecutionRole, except those for the log. */
function vpcStatement(): iam.PolicyStatement {
  return new iam.PolicyStatement({
    actions: [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ],
    resources: ['*'],
  });
}

/** Whether the function's entry in the template has a VPC: aspects and escape hatches count. */
function isInVpc(handler: lambda.Function): boolean {
  const resource = cfnFunctionOf(handler);
  const render: unknown = Reflect.get(resource, '_toCloudFormation');
  if (typeof render !== 'function') return handler.isBoundToVpc;
  const { Resources } = handler.stack.resolve(render.call(resource));
  return Object.values<{ Properties?: { VpcConfig?: object } }>(Resources).some(
    ({ Properties }) => Properties?.VpcConfig !== undefined,
  );
}

/** The resource of a function. */
export function cfnFunctionOf(handler: lambda.Function): CfnResource {
  const resource = handler.node.defaultChild;
  if (!CfnResource.isCfnResource(resource))
    throw new Error(`${handler.node.path}: expected a CfnResource, got none`);
  return resource;
}
