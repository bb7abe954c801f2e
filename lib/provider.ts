import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, type IConstruct } from 'constructs';
import { FUNCTION_TIMEOUT_SECONDS } from './properties';

/** The Region that answers for keys of scope CLOUDFRONT. */
const CLOUDFRONT_REGION = 'us-east-1';

// its path makes the function's logical id, to which the service tokens of deployed keys are bound: never rename
const PROVIDER_ID = 'WafCaptchaApiKeyProvider';

// recognises the provider of another copy of this library, which an app may well have beside this one
const PROVIDER_MARK = Symbol.for('cdk-waf-captcha-api-key.Provider');

// what cdk-nag's packs AwsSolutions and Serverless find in the policy's one wildcard
const WILDCARD_RULES = ['AwsSolutions-IAM5[Resource::*]', 'Serverless-LambdaStarPermissions'];
const WILDCARD_REASON =
  'The API key actions of AWS WAF have no resource type, so IAM takes no other resource for them. ' +
  'The policy narrows them by aws:RequestedRegion.';

/** The function behind all keys of one stack, with its role and its log group. */
export class Provider extends Construct {
  /** The stack's provider, made at the first call. */
  public static of(scope: Construct): Provider {
    const stack = Stack.of(scope);
    const existing = stack.node.tryFindChild(PROVIDER_ID);
    return isProvider(existing) ? existing : new Provider(stack, PROVIDER_ID);
  }

  public readonly serviceToken: string;

  private constructor(stack: Stack, id: string) {
    super(stack, id);
    Object.defineProperty(this, PROVIDER_MARK, { value: true });
    const logGroup = new logs.LogGroup(this, 'LogGroup', {
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.handler = new lambda.Function(this, 'Handler', {
      description: 'Manages AWS WAF CAPTCHA API keys for this stack',
      runtime: lambda.determineLatestNodeRuntime(this),
      handler: 'index.handler',
      code: lambda.Code.fromAsset(join(__dirname, '..', 'lambda', 'dist')),
      memorySize: 256,
      timeout: Duration.seconds(FUNCTION_TIMEOUT_SECONDS),
      role: this.createRole(stack, logGroup),
      logGroup,
      environment: { STACK_ID: stack.stackId },
    });
    this.serviceToken = this.handler.functionArn;
  }

  private readonly handler: lambda.Function;

  /**
   * Makes a resource be created after the provider is complete and deleted before any of it goes.
   *
   * One dependency is enough: the function needs its role and the log group.
   */
  public completeBefore(resource: Construct): void {
    resource.node.addDependency(this.handler);
  }

  // policies stand in the role itself: an attached one could be deleted before the last key is
  private createRole(stack: Stack, logGroup: logs.ILogGroup): iam.Role {
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        ApiKeys: new iam.PolicyDocument({
          statements: [
            new iam.PolicyStatement({
              actions: ['wafv2:CreateAPIKey', 'wafv2:DeleteAPIKey', 'wafv2:ListAPIKeys'],
              // none of the three has a resource type of its own (Service Authorization Reference, AWS WAF V2)
              resources: ['*'],
              // both Regions always: after a change of scope the old key is deleted under the new policy
              conditions: {
                StringEquals: { 'aws:RequestedRegion': [...new Set([stack.region, CLOUDFRONT_REGION])] },
              },
            }),
            new iam.PolicyStatement({
              // which keys the stack owns, whether it rolls back, and whether a request still stands
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
        }),
      },
    });
    // goes into no template; aws-cdk-lib before 2.252 has no acknowledgements, and cdk-nag 3 does not run there
    Validations?.of(role).acknowledge?.(...WILDCARD_RULES.map(id => ({ id, reason: WILDCARD_REASON })));
    return role;
  }
}

function isProvider(construct: IConstruct | undefined): construct is Provider {
  return construct !== undefined && PROVIDER_MARK in construct;
}
