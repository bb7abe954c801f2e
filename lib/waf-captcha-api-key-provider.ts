import { Aws, Duration, Fn, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import { naming } from './checked-props';
import { handlerFolder } from './handler-folder';
import { cfnFunctionOf, HandlerPermissions } from './handler-permissions';
import { injectedProps } from './injected-props';
import { FUNCTION_TIMEOUT_SECONDS, LOWEST_FUNCTION_TIMEOUT_SECONDS } from './properties';
import { isRecord, renderedProperties } from './rendered-properties';
import { acknowledgeOwnPolicy, acknowledgePermissions } from './rule-acknowledgements';
import { shown } from './shown';
import { warn } from './warning';

// never rename: its path determines the function's logical id, to which the service tokens of deployed keys are bound
const PROVIDER_ID = 'WafCaptchaApiKeyProvider';

// recognises the provider of another copy of this library, since an app may have several
const PROVIDER_MARK = Symbol.for('cdk-waf-captcha-api-key.Provider');

// an ARN in place of that of a role which the CLI has yet to look up (`Role.fromLookup`)
const LOOKUP_DUMMY = /:role\/DUMMY_ARN$/;

/** The lowest Node.js that the function's code runs on. */
const LOWEST_NODE = 20;

const SETTINGS = [
  'vpc',
  'vpcSubnets',
  'securityGroups',
  'architecture',
  'memorySize',
  'deadLetterQueue',
  'onFailure',
  'reservedConcurrentExecutions',
  'environmentEncryption',
] as const;
type Setting = (typeof SETTINGS)[number];

/** Properties of `WafCaptchaApiKeyProvider`. The defaults are those of a stack in which you create no provider. */
export interface WafCaptchaApiKeyProviderProps {
  /**
   * The role that the function assumes. It must trust `lambda.amazonaws.com`.
   *
   * The statements that the function needs go into a policy of the stack that is attached to the role, and keys depend
   * on that policy. An imported role must be mutable and in the stack's account; otherwise synthesis fails and prints
   * the statements.
   *
   * @default - a role with one inline policy, which holds these statements and no others
   */
  readonly role?: iam.IRole;

  /**
   * The VPC in which Lambda places the function's network interfaces. The function gets the permissions that it needs.
   *
   * From the VPC, it must reach AWS WAF, CloudFormation and S3 in the stack's Region and, for keys of scope CLOUDFRONT,
   * AWS WAF in us-east-1.
   *
   * @default - the function is not in a VPC of yours
   */
  readonly vpc?: ec2.IVpc;

  /**
   * The subnets of the network interfaces. Isolated ones give a warning; public ones make synthesis fail.
   *
   * @default - the VPC's default strategy, if there is a VPC
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups of the network interfaces.
   *
   * @default - a new security group that allows all outbound traffic, if there is a VPC
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * The log group that the function writes to.
   *
   * It must outlive the keys. A log group of the same stack does, since the function depends on it.
   *
   * @default - a log group that keeps its events for one month and is deleted with the stack
   */
  readonly logGroup?: logs.ILogGroup;

  /**
   * The processor architecture. The code runs on both.
   *
   * @default Architecture.X86_64
   */
  readonly architecture?: lambda.Architecture;

  /**
   * The runtime: Node.js 20 or later.
   *
   * @default - the latest Node.js of the stack's Region
   */
  readonly runtime?: lambda.Runtime;

  /**
   * The memory in MiB. Lambda assigns processor power in proportion.
   *
   * @default 256
   */
  readonly memorySize?: number;

  /**
   * How long one run may take: 60 to 900 seconds.
   *
   * With less than the default, fewer keys of one stack can wait for AWS WAF's quota, which allows about one new key
   * a second.
   *
   * @default Duration.seconds(900)
   */
  readonly timeout?: Duration;

  /**
   * Whether AWS X-Ray traces the function.
   *
   * @default Tracing.DISABLED
   */
  readonly tracing?: lambda.Tracing;

  /**
   * The queue for events that the function failed to process. An event contains a response URL.
   *
   * @default - no queue
   */
  readonly deadLetterQueue?: sqs.IQueue;

  /**
   * Where Lambda reports events that the function failed to process. A report contains a response URL.
   *
   * @default - no destination
   */
  readonly onFailure?: lambda.IDestination;

  /**
   * How many runs of the function may take place at once, reserved from the account's concurrency.
   *
   * If this is less than the number of keys in the stack, events wait their turn, and large stacks deploy more slowly.
   *
   * @default - only the account's limit
   */
  readonly reservedConcurrentExecutions?: number;

  /**
   * The KMS key that encrypts the function's environment variables. None of them is a secret.
   *
   * @default - a key that AWS owns
   */
  readonly environmentEncryption?: kms.IKey;
}

/**
 * The function behind all keys of one stack, with its role and its log group.
 *
 * The first key of a stack creates it. Create it yourself, before that key, only to configure it. The scope must be the
 * stack and the id `WafCaptchaApiKeyProvider`, because the construct's path determines the service token of deployed
 * keys.
 *
 * @exampleMetadata nofixture
 * @example
 *
 * import { App, Stack } from 'aws-cdk-lib';
 * import { Vpc } from 'aws-cdk-lib/aws-ec2';
 * import { WafCaptchaApiKey, WafCaptchaApiKeyProvider, WafScope } from 'cdk-waf-captcha-api-key';
 *
 * const app = new App();
 * const stack = new Stack(app, 'CaptchaKeyStack');
 *
 * new WafCaptchaApiKeyProvider(stack, 'WafCaptchaApiKeyProvider', { vpc: new Vpc(stack, 'Vpc') });
 * new WafCaptchaApiKey(stack, 'CaptchaKey', { scope: WafScope.REGIONAL, tokenDomains: ['example.com'] });
 */
export class WafCaptchaApiKeyProvider extends Construct implements iam.IGrantable {
  /** The id by which property injectors find this class. */
  public static readonly PROPERTY_INJECTION_ID: string = 'cdk-waf-captcha-api-key.WafCaptchaApiKeyProvider';

  /**
   * The provider of the stack that a construct is in; it is created with the defaults if there is none yet.
   *
   * @param scope The stack, or a construct in it
   */
  public static of(scope: IConstruct): WafCaptchaApiKeyProvider {
    const stack = Stack.of(scope);
    const existing = stack.node.tryFindChild(PROVIDER_ID);
    return isProvider(existing) ? existing : new WafCaptchaApiKeyProvider(stack, PROVIDER_ID, {});
  }

  /** The function. Its ARN is the service token of every key in the stack. */
  public readonly handler: lambda.IFunction;

  /** The role that the function assumes. */
  public readonly role: iam.IRole;

  /** The log group that the function writes to. */
  public readonly logGroup: logs.ILogGroup;

  /** The function as a principal: permissions granted to it go to its role. */
  public readonly grantPrincipal: iam.IPrincipal;

  /**
   * Adds the function to the stack, ahead of the stack's first key.
   *
   * @param scope The stack itself
   * @param id `WafCaptchaApiKeyProvider`
   * @param originalProps Overrides of the defaults
   */
  constructor(scope: Construct, id: string, originalProps: WafCaptchaApiKeyProviderProps = {}) {
    checkPlace(scope, id);
    naming(`${scope.node.path}/${id}`, () => checkObject(originalProps));
    const props = injectedProps(WafCaptchaApiKeyProvider.PROPERTY_INJECTION_ID, originalProps, scope, id);
    super(scope, id);
    Object.defineProperty(this, PROVIDER_MARK, { value: true });
    const stack = Stack.of(this);
    const checked = naming(this.node.path, () => ({
      runtime: checkedRuntime(props.runtime ?? lambda.determineLatestNodeRuntime(this)),
      timeout: checkedTimeout(props.timeout ?? Duration.seconds(FUNCTION_TIMEOUT_SECONDS)),
    }));
    this.logGroup =
      props.logGroup ??
      new logs.LogGroup(this, 'LogGroup', {
        retention: logs.RetentionDays.ONE_MONTH,
        removalPolicy: RemovalPolicy.DESTROY,
      });
    const permissions = new HandlerPermissions(stack, this.logGroup);
    permissions.include({ VpcConfig: props.vpc && {}, TracingConfig: { Mode: props.tracing } });
    const policy = props.role && this.attach(permissions, props.role);
    this.role = props.role ?? this.createRole(permissions);
    const handler = new lambda.Function(this, 'Handler', {
      description: 'Manages AWS WAF CAPTCHA API keys for this stack',
      code: lambda.Code.fromAsset(naming(this.node.path, handlerFolder)),
      handler: 'index.handler',
      role: this.role,
      environment: { STACK_ID: stack.stackId },
      memorySize: 256,
      ...checked,
      ...settingsIn(props),
    });
    this.writeTo(this.logGroup, handler);
    if (props.tracing) trace(handler, props.tracing);
    permissions.follow(handler);
    if (!props.role) acknowledgeOwnPolicy(this.role.node.tryFindChild('DefaultPolicy'));
    // Lambda checks the permissions for a VPC when it creates the function; and the last key needs the policy
    if (policy) handler.node.addDependency(policy);
    this.handler = handler;
    this.grantPrincipal = handler.grantPrincipal;
    this.node.addValidation({
      validate: () => {
        warnOfIsolatedSubnets(handler);
        return [];
      },
    });
  }

  /** The policy is in the role itself: an attached one could be deleted before the last key. */
  private createRole(permissions: iam.PolicyDocument): iam.Role {
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { ApiKeys: permissions },
    });
    // not on the role itself, to which the app may add statements
    acknowledgePermissions(role.node.defaultChild);
    return role;
  }

  private attach(permissions: iam.PolicyDocument, role: iam.IRole): iam.Policy {
    // on a role that stacks share, one policy would replace another of the same name
    const stackGuid = Fn.select(2, Fn.split('/', Aws.STACK_ID));
    const policyName = `${PROVIDER_ID}-${stackGuid}`;
    const policy = new iam.Policy(this, 'Policy', { policyName, document: permissions });
    // a lazy role exists from then on
    const { roleArn } = role;
    role.attachInlinePolicy(policy);
    // an immutable role takes the policy and does nothing
    const isAttached = iam.Role.isRole(role) || Reflect.get(policy, 'isAttached') === true;
    const accounts = [role.env.account, Stack.of(this).account].filter(
      account => !Token.isUnresolved(account),
    );
    const isElsewhere = new Set(accounts).size > 1;
    if ((!isAttached || isElsewhere) && !LOOKUP_DUMMY.test(roleArn)) {
      throw new Error(
        `${this.node.path}: expected a role that takes a policy, got ${role.node.path}, which is immutable or in another ` +
          `account; the function needs ${JSON.stringify(Stack.of(this).resolve(permissions).Statement)}`,
      );
    }
    acknowledgePermissions(policy);
    return policy;
  }

  /** Not in the function's props: aws-cdk-lib refuses them together with an injected `logRetention`. */
  private writeTo(logGroup: logs.ILogGroup, handler: lambda.Function): void {
    cfnFunctionOf(handler).addPropertyOverride('LoggingConfig.LogGroup', logGroup.logGroupName);
    // a feature flag of aws-cdk-lib adds this one
    handler.node.tryRemoveChild('LogGroup');
  }
}

/**
 * The props that are passed on unchanged: only these, since a caller without types may pass others, which would change
 * the function; and only those that are set, since a property injector may let given props win, even undefined ones.
 */
function settingsIn(props: WafCaptchaApiKeyProviderProps): Pick<WafCaptchaApiKeyProviderProps, Setting> {
  return Object.fromEntries(
    SETTINGS.flatMap(name => (props[name] === undefined ? [] : [[name, props[name]]])),
  );
}

function checkPlace(scope: IConstruct, id: string): void {
  const got = `${scope.node.path}/${id}`;
  if (!Stack.isStack(scope) || id !== PROVIDER_ID) {
    throw new Error(
      `${got}: expected a stack as the scope and the id "${PROVIDER_ID}", which service tokens depend on`,
    );
  }
  if (scope.node.tryFindChild(id)) {
    throw new Error(
      `${got}: expected one provider in a stack, before its first key, got a second one or one after a key`,
    );
  }
}

function checkObject(props: unknown): void {
  if (typeof props !== 'object' || props === null)
    throw new Error(`expected an object as the props, got ${shown(props)}`);
}

function checkedRuntime(runtime: lambda.Runtime): lambda.Runtime {
  const [, version] = /^nodejs(\d+)\.x$/.exec(runtime.name) ?? [];
  if (Token.isUnresolved(runtime.name) || Number(version) >= LOWEST_NODE) return runtime;
  throw new Error(`runtime: expected Node.js ${LOWEST_NODE} or later, got ${runtime.name}`);
}

function checkedTimeout(timeout: Duration): Duration {
  if (typeof timeout.isUnresolved !== 'function')
    throw new Error(`timeout: expected a Duration, got ${shown(timeout)}`);
  if (timeout.isUnresolved()) return timeout;
  const seconds = timeout.toSeconds();
  if (seconds >= LOWEST_FUNCTION_TIMEOUT_SECONDS && seconds <= FUNCTION_TIMEOUT_SECONDS) return timeout;
  throw new Error(
    `timeout: expected ${LOWEST_FUNCTION_TIMEOUT_SECONDS} to ${FUNCTION_TIMEOUT_SECONDS} seconds, got ${seconds}`,
  );
}

/** Warns of isolated subnets in the template, whoever chose them: also an aspect or a property injector. */
function warnOfIsolatedSubnets(handler: lambda.Function): void {
  const { VpcConfig } = renderedProperties(cfnFunctionOf(handler));
  const subnetIds: unknown = isRecord(VpcConfig) ? VpcConfig.SubnetIds : undefined;
  if (!Array.isArray(subnetIds)) return;
  const inTemplate = (id: unknown) => JSON.stringify(handler.stack.resolve(id));
  const isolated = handler.node.root.node
    .findAll()
    .filter(isVpc)
    .flatMap(vpc => vpc.isolatedSubnets.map(({ subnetId }) => inTemplate(subnetId)));
  if (!subnetIds.some(id => isolated.includes(inTemplate(id)))) return;
  warn(
    'isolatedSubnets',
    // older releases of aws-cdk-lib look for acknowledgements of late warnings only above their construct
    handler,
    'the function is in isolated subnets; it must reach AWS WAF, CloudFormation and S3, and us-east-1 for CLOUDFRONT',
  );
}

function isVpc(construct: IConstruct): construct is IConstruct & ec2.IVpc {
  return 'isolatedSubnets' in construct;
}

/** Not by the function's props: aws-cdk-lib would add a wildcard to what the role gets beside its own policy. */
function trace(handler: lambda.Function, mode: lambda.Tracing): void {
  const tracingConfig = mode === lambda.Tracing.DISABLED ? undefined : { mode };
  Object.assign(cfnFunctionOf(handler), { tracingConfig });
}

function isProvider(construct: IConstruct | undefined): construct is WafCaptchaApiKeyProvider {
  return construct !== undefined && PROVIDER_MARK in construct;
}
