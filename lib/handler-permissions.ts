import { CfnResource, type IResolveContext, type Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { isRecord, renderedProperties } from './rendered-properties';

/** The Region of keys of scope CLOUDFRONT. */
const CLOUDFRONT_REGION = 'us-east-1';

/** Properties of the function's resource that take further permissions. */
interface HandlerProperties {
  readonly VpcConfig?: unknown;
  readonly TracingConfig?: unknown;
}

/** What the function may do. If anything puts it in a VPC or traces it, the permissions for that are included. */
export class HandlerPermissions extends iam.PolicyDocument {
  private handler?: lambda.Function;
  private readonly notIncluded = new Set([vpcStatementFor, tracingStatementFor]);

  constructor(stack: Stack, logGroup: logs.ILogGroup) {
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
      ],
    });
  }

  /** Includes what a function with these properties needs. */
  public include(properties: HandlerProperties): void {
    for (const statementFor of this.notIncluded) {
      const statement = statementFor(properties);
      if (!statement) continue;
      this.notIncluded.delete(statementFor);
      this.addStatements(statement);
    }
  }

  /** Includes what this function needs when the policy is written to the template. */
  public follow(handler: lambda.Function): void {
    this.handler = handler;
  }

  public override resolve(context: IResolveContext): ReturnType<iam.PolicyDocument['resolve']> {
    if (this.handler) this.include(renderedProperties(cfnFunctionOf(this.handler)));
    return super.resolve(context);
  }
}

/** The permissions of the managed policy AWSLambdaVPCAccessExecutionRole, except those for the log. */
function vpcStatementFor({ VpcConfig }: HandlerProperties): iam.PolicyStatement | undefined {
  if (VpcConfig === undefined) return undefined;
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

/** The permissions of the managed policy AWSXRayDaemonWriteAccess that Lambda needs; they have no resource type. */
function tracingStatementFor({ TracingConfig }: HandlerProperties): iam.PolicyStatement | undefined {
  const mode = isRecord(TracingConfig) ? TracingConfig.Mode : undefined;
  if (mode === undefined || mode === 'Disabled') return undefined;
  return new iam.PolicyStatement({
    actions: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
    resources: ['*'],
  });
}

/** The resource of a function. */
export function cfnFunctionOf(handler: lambda.Function): CfnResource {
  const resource = handler.node.defaultChild;
  if (!CfnResource.isCfnResource(resource))
    throw new Error(`${handler.node.path}: expected a CfnResource, got none`);
  return resource;
}
