import { createHash } from 'node:crypto';
import type { Properties, Value } from './value';

/** A resource of which nothing but its id and attributes matters to anybody here. */
export interface PassiveResource {
  /** As the template gives it, or as CloudFormation invents it. */
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  readonly partition: string;
  readonly properties: Properties;
}

/** How such a type names its resources, and what `Fn::GetAtt` gives; other attributes are refused by name. */
export interface PassiveType {
  /** The property that may name the resource. */
  readonly name?: string;
  readonly maxLength?: number;
  /** Further properties whose change makes a new copy. */
  readonly replacedBy?: readonly string[];
  /** What `Ref` gives. @default - the name */
  readonly id?: (resource: PassiveResource) => string;
  readonly attributes?: Readonly<Record<string, (resource: PassiveResource) => Value>>;
}

/** `length` hexadecimal digits that belong to this resource alone. */
function hex({ name, region }: PassiveResource, length: number): string {
  return createHash('sha256').update(`${region} ${name}`).digest('hex').slice(0, length);
}

function arn(resource: PassiveResource, service: string, rest: string): string {
  return `arn:${resource.partition}:${service}:${resource.region}:${resource.accountId}:${rest}`;
}

function property({ properties }: PassiveResource, name: string, otherwise: Value): Value {
  return properties[name] ?? otherwise;
}

function uuid(resource: PassiveResource): string {
  return hex(resource, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.*)$/, '$1-$2-$3-$4-$5');
}

/** A type whose ids are a prefix and digits, and whose attributes include the id. */
function withId(id: (resource: PassiveResource) => string, attribute?: string): PassiveType {
  return { id, attributes: attribute === undefined ? {} : { [attribute]: id } };
}

const ec2 = (prefix: string, attribute?: string) => withId(one => `${prefix}-0${hex(one, 16)}`, attribute);
const cloudFront = (prefix: string) => withId(one => `${prefix}${hex(one, 12).toUpperCase()}`, 'Id');
const apiPart = (attribute?: string) => withId(one => hex(one, 10), attribute);
const plain: PassiveType = {};

/** A part of AWS WAF, `Ref` of which is `name|id|scope`. */
function waf(kind: string, more: PassiveType['attributes'] = {}): PassiveType {
  const scope = (one: PassiveResource) => String(property(one, 'Scope', 'REGIONAL'));
  const place = (one: PassiveResource) => (scope(one) === 'CLOUDFRONT' ? 'global' : 'regional');
  return {
    name: 'Name',
    replacedBy: ['Scope'],
    id: one => `${one.name}|${uuid(one)}|${scope(one)}`,
    attributes: {
      Arn: one => arn(one, 'wafv2', `${place(one)}/${kind}/${one.name}/${uuid(one)}`),
      Id: uuid,
      ...more,
    },
  };
}

const webAclLabels = (one: PassiveResource) => `awswaf:${one.accountId}:webacl:${one.name}:`;
const ruleGroupLabels = (one: PassiveResource) => `awswaf:${one.accountId}:rulegroup:${one.name}:`;
const loadBalancer = (one: PassiveResource) => `app/${one.name}/${hex(one, 16)}`;
const listener = (one: PassiveResource) => arn(one, 'elasticloadbalancing', `listener/app/${hex(one, 16)}`);
const rule = (one: PassiveResource) => arn(one, 'elasticloadbalancing', `listener-rule/app/${hex(one, 16)}`);
const targetGroup = (one: PassiveResource) => `targetgroup/${one.name}/${hex(one, 16)}`;
const balancing = (path: (resource: PassiveResource) => string) => (one: PassiveResource) =>
  arn(one, 'elasticloadbalancing', path(one));
const queueUrl = (one: PassiveResource) =>
  `https://sqs.${one.region}.amazonaws.com/${one.accountId}/${one.name}`;
const topic = (one: PassiveResource) => arn(one, 'sns', one.name);
const managedPolicy = (one: PassiveResource) =>
  `arn:${one.partition}:iam::${one.accountId}:policy${property(one, 'Path', '/')}${one.name}`;
const repository = (one: PassiveResource) =>
  `${one.accountId}.dkr.ecr.${one.region}.amazonaws.com/${one.name}`;
const certificate = (one: PassiveResource) => arn(one, 'acm', `certificate/${uuid(one)}`);
const edgeFunction = (one: PassiveResource) =>
  `arn:${one.partition}:cloudfront::${one.accountId}:function/${one.name}`;

/**
 * The types that are recorded and do nothing. Their ids and attributes have the forms in "Return values" of each
 * type's page in the AWS CloudFormation Template Reference Guide; the values lead nowhere.
 */
export const passiveTypes: Readonly<Record<string, PassiveType>> = {
  'AWS::ApiGateway::Account': withId(one => hex(one, 10), 'Id'),
  'AWS::ApiGateway::Deployment': apiPart('DeploymentId'),
  'AWS::ApiGateway::Method': plain,
  'AWS::ApiGateway::Resource': apiPart('ResourceId'),
  'AWS::ApiGateway::RestApi': {
    id: one => hex(one, 10),
    attributes: { RestApiId: one => hex(one, 10), RootResourceId: one => hex(one, 20).slice(10) },
  },
  'AWS::ApiGateway::Stage': { id: one => String(property(one, 'StageName', one.name)) },
  'AWS::ApiGatewayV2::Api': {
    id: one => hex(one, 10),
    attributes: {
      ApiId: one => hex(one, 10),
      ApiEndpoint: one => `https://${hex(one, 10)}.execute-api.${one.region}.amazonaws.com`,
    },
  },
  'AWS::ApiGatewayV2::Integration': apiPart('IntegrationId'),
  'AWS::ApiGatewayV2::Route': apiPart('RouteId'),
  'AWS::ApiGatewayV2::Stage': { id: one => String(property(one, 'StageName', one.name)) },
  'AWS::CDK::Metadata': plain,
  'AWS::CertificateManager::Certificate': withId(certificate),
  'AWS::CloudFront::CachePolicy': withId(uuid, 'Id'),
  'AWS::CloudFront::CloudFrontOriginAccessIdentity': {
    ...cloudFront('E'),
    attributes: { ...cloudFront('E').attributes, S3CanonicalUserId: one => hex(one, 64) },
  },
  'AWS::CloudFront::Distribution': {
    ...cloudFront('E'),
    attributes: { ...cloudFront('E').attributes, DomainName: one => `d${hex(one, 13)}.cloudfront.net` },
  },
  'AWS::CloudFront::Function': {
    ...{ name: 'Name', id: edgeFunction },
    attributes: {
      FunctionARN: edgeFunction,
      'FunctionMetadata.FunctionARN': edgeFunction,
      Stage: () => 'LIVE',
    },
  },
  'AWS::CloudFront::OriginAccessControl': cloudFront('E'),
  'AWS::CloudFront::OriginRequestPolicy': withId(uuid, 'Id'),
  'AWS::CloudFront::ResponseHeadersPolicy': withId(uuid, 'Id'),
  'AWS::CloudWatch::Alarm': {
    name: 'AlarmName',
    attributes: { Arn: one => arn(one, 'cloudwatch', `alarm:${one.name}`) },
  },
  'AWS::DynamoDB::Table': {
    name: 'TableName',
    attributes: { Arn: one => arn(one, 'dynamodb', `table/${one.name}`) },
  },
  'AWS::EC2::EIP': {
    id: one => `192.0.2.${Number.parseInt(hex(one, 2), 16)}`,
    attributes: {
      AllocationId: one => `eipalloc-0${hex(one, 16)}`,
      PublicIp: one => `192.0.2.${Number.parseInt(hex(one, 2), 16)}`,
    },
  },
  'AWS::EC2::InternetGateway': ec2('igw', 'InternetGatewayId'),
  'AWS::EC2::NatGateway': ec2('nat', 'NatGatewayId'),
  'AWS::EC2::Route': plain,
  'AWS::EC2::RouteTable': ec2('rtb', 'RouteTableId'),
  'AWS::EC2::SecurityGroup': {
    ...{ name: 'GroupName', replacedBy: ['GroupDescription', 'VpcId'] },
    id: one => `sg-0${hex(one, 16)}`,
    attributes: {
      GroupId: one => `sg-0${hex(one, 16)}`,
      VpcId: one => property(one, 'VpcId', `vpc-0${hex(one, 16)}`),
    },
  },
  'AWS::EC2::SecurityGroupEgress': ec2('sgr', 'Id'),
  'AWS::EC2::SecurityGroupIngress': ec2('sgr', 'Id'),
  'AWS::EC2::Subnet': {
    replacedBy: ['AvailabilityZone', 'CidrBlock', 'VpcId'],
    id: one => `subnet-0${hex(one, 16)}`,
    attributes: {
      AvailabilityZone: one => property(one, 'AvailabilityZone', `${one.region}a`),
      CidrBlock: one => property(one, 'CidrBlock', ''),
      SubnetId: one => `subnet-0${hex(one, 16)}`,
      VpcId: one => property(one, 'VpcId', ''),
    },
  },
  'AWS::EC2::SubnetRouteTableAssociation': ec2('rtbassoc', 'Id'),
  'AWS::EC2::VPC': {
    replacedBy: ['CidrBlock'],
    id: one => `vpc-0${hex(one, 16)}`,
    attributes: {
      CidrBlock: one => property(one, 'CidrBlock', ''),
      CidrBlockAssociations: one => [`vpc-cidr-assoc-0${hex(one, 16)}`],
      DefaultNetworkAcl: one => `acl-0${hex(one, 16)}`,
      DefaultSecurityGroup: one => `sg-0${hex(one, 16)}`,
      VpcId: one => `vpc-0${hex(one, 16)}`,
    },
  },
  'AWS::EC2::VPCEndpoint': ec2('vpce', 'Id'),
  'AWS::EC2::VPCGatewayAttachment': plain,
  'AWS::ECR::Repository': {
    name: 'RepositoryName',
    attributes: { Arn: one => arn(one, 'ecr', `repository/${one.name}`), RepositoryUri: repository },
  },
  'AWS::ElasticLoadBalancingV2::Listener': withId(listener, 'ListenerArn'),
  'AWS::ElasticLoadBalancingV2::ListenerRule': withId(rule, 'RuleArn'),
  'AWS::ElasticLoadBalancingV2::LoadBalancer': {
    ...{ name: 'Name', maxLength: 32 },
    id: balancing(one => `loadbalancer/${loadBalancer(one)}`),
    attributes: {
      CanonicalHostedZoneID: one => `Z${hex(one, 13).toUpperCase()}`,
      DNSName: one => `${one.name}-${hex(one, 9)}.${one.region}.elb.amazonaws.com`,
      LoadBalancerArn: balancing(one => `loadbalancer/${loadBalancer(one)}`),
      LoadBalancerFullName: loadBalancer,
      LoadBalancerName: one => one.name,
    },
  },
  'AWS::ElasticLoadBalancingV2::TargetGroup': {
    ...{ name: 'Name', maxLength: 32 },
    id: balancing(targetGroup),
    attributes: {
      TargetGroupArn: balancing(targetGroup),
      TargetGroupFullName: targetGroup,
      TargetGroupName: one => one.name,
    },
  },
  'AWS::Events::Rule': {
    name: 'Name',
    attributes: { Arn: one => arn(one, 'events', `rule/${one.name}`) },
  },
  'AWS::IAM::ManagedPolicy': {
    ...{ name: 'ManagedPolicyName', maxLength: 128, id: managedPolicy },
    attributes: { PolicyArn: managedPolicy },
  },
  'AWS::IAM::Policy': plain,
  'AWS::IAM::Role': {
    ...{ name: 'RoleName', maxLength: 64, replacedBy: ['Path'] },
    attributes: {
      Arn: one => `arn:${one.partition}:iam::${one.accountId}:role${property(one, 'Path', '/')}${one.name}`,
      RoleId: one => `AROA${one.name}`,
    },
  },
  'AWS::KMS::Alias': { name: 'AliasName' },
  'AWS::KMS::Key': {
    id: uuid,
    attributes: { Arn: one => arn(one, 'kms', `key/${uuid(one)}`), KeyId: uuid },
  },
  'AWS::Lambda::Permission': {
    replacedBy: ['Action', 'EventSourceToken', 'FunctionName', 'FunctionUrlAuthType', 'Principal'],
  },
  'AWS::Lambda::Url': {
    attributes: {
      FunctionArn: one => property(one, 'TargetFunctionArn', ''),
      FunctionUrl: one => `https://${hex(one, 32)}.lambda-url.${one.region}.on.aws/`,
    },
  },
  'AWS::Logs::LogGroup': {
    name: 'LogGroupName',
    attributes: { Arn: one => arn(one, 'logs', `log-group:${one.name}:*`) },
  },
  'AWS::Route53::RecordSet': { id: one => String(property(one, 'Name', one.name)) },
  'AWS::S3::Bucket': {
    ...{ name: 'BucketName', maxLength: 63 },
    id: one => one.name.toLowerCase(),
    attributes: {
      Arn: one => `arn:${one.partition}:s3:::${one.name.toLowerCase()}`,
      DomainName: one => `${one.name.toLowerCase()}.s3.amazonaws.com`,
      DualStackDomainName: one => `${one.name.toLowerCase()}.s3.dualstack.${one.region}.amazonaws.com`,
      RegionalDomainName: one => `${one.name.toLowerCase()}.s3.${one.region}.amazonaws.com`,
      WebsiteURL: one => `http://${one.name.toLowerCase()}.s3-website-${one.region}.amazonaws.com`,
    },
  },
  'AWS::S3::BucketPolicy': plain,
  'AWS::SNS::Subscription': withId(one => `${topic(one)}:${uuid(one)}`, 'Arn'),
  'AWS::SNS::Topic': {
    ...{ name: 'TopicName', id: topic },
    attributes: { TopicArn: topic, TopicName: one => one.name },
  },
  'AWS::SNS::TopicPolicy': withId(one => one.name, 'Id'),
  'AWS::SQS::Queue': {
    ...{ name: 'QueueName', maxLength: 80, id: queueUrl },
    attributes: { Arn: one => arn(one, 'sqs', one.name), QueueName: one => one.name, QueueUrl: queueUrl },
  },
  'AWS::SQS::QueuePolicy': withId(one => one.name, 'Id'),
  'AWS::WAFv2::IPSet': waf('ipset'),
  'AWS::WAFv2::LoggingConfiguration': { id: one => String(property(one, 'ResourceArn', one.name)) },
  'AWS::WAFv2::RegexPatternSet': waf('regexpatternset'),
  'AWS::WAFv2::RuleGroup': waf('rulegroup', { LabelNamespace: ruleGroupLabels }),
  'AWS::WAFv2::WebACL': waf('webacl', { Capacity: () => 1, LabelNamespace: webAclLabels }),
  'AWS::WAFv2::WebACLAssociation': {
    replacedBy: ['ResourceArn', 'WebACLArn'],
    id: one => `${property(one, 'WebACLArn', '')}|${property(one, 'ResourceArn', '')}`,
  },
};
