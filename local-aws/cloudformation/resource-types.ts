import type { Functions } from '../lambda-function';
import { inventedName, type Random } from './identifiers';
import { partitionOf } from './parameters';
import type { ResourceCopy, ResourceRequest, ResourceState, ResourceType } from './resource-type';
import { objectAt, type Properties, textAt, type Value } from './value';

export interface ResourceTypeOptions {
  readonly random: Random;
  readonly functions: Functions;
  /** Where SSM finds the values of its parameters. */
  readonly parameters: Parameters;
}

export type Parameters = Pick<Map<string, string>, 'get' | 'set' | 'has' | 'delete'>;

/** The resource types that are imitated, custom resources aside. IAM is recorded, never enforced. */
export function awsResourceTypes(options: ResourceTypeOptions): Map<string, ResourceType> {
  return new Map([
    ['AWS::CDK::Metadata', passive({}, options, () => ({}))],
    ['AWS::IAM::Policy', passive({}, options, () => ({}))],
    [
      'AWS::IAM::Role',
      passive({ name: 'RoleName', maxLength: 64, replacedBy: ['Path'] }, options, roleAttributes),
    ],
    ['AWS::Lambda::EventInvokeConfig', eventInvokeConfig(options)],
    ['AWS::Lambda::Function', lambdaFunction(options)],
    ['AWS::Lambda::Permission', passive({ replacedBy: permissionProperties }, options, () => ({}))],
    ['AWS::Logs::LogGroup', passive({ name: 'LogGroupName' }, options, logGroupAttributes)],
    ['AWS::SSM::Parameter', ssmParameter(options)],
  ]);
}

const permissionProperties = [
  'Action',
  'EventSourceToken',
  'FunctionName',
  'FunctionUrlAuthType',
  'Principal',
];

interface PassiveOptions {
  /** The property that may name the resource. */
  readonly name?: string;
  readonly maxLength?: number;
  readonly replacedBy?: readonly string[];
}

/** A type of which nothing but its name and attributes matters to anybody here. */
function passive(
  { name, maxLength, replacedBy = [] }: PassiveOptions,
  { random }: ResourceTypeOptions,
  attributes: (request: ResourceRequest, physicalId: string) => Properties,
): ResourceType {
  const taken = new Set<string>();
  const create = async (request: ResourceRequest) => {
    const physicalId = nameOf(request, name, random, maxLength);
    refuseTaken(request, physicalId, taken.has(scoped(request, physicalId)));
    taken.add(scoped(request, physicalId));
    return { physicalId, attributes: attributes(request, physicalId) };
  };
  return {
    replacedBy: name === undefined ? replacedBy : [name, ...replacedBy],
    create,
    update: async (_request, { physicalId, attributes: present }) => ({ physicalId, attributes: present }),
    delete: async (request, { physicalId }) => void taken.delete(scoped(request, physicalId)),
  };
}

function scoped({ stack }: ResourceRequest, physicalId: string): string {
  return `${stack.region} ${physicalId}`;
}

function nameOf(
  { stack, logicalId, properties }: ResourceRequest,
  property: string | undefined,
  random: Random,
  maxLength?: number,
) {
  const given = property === undefined ? undefined : properties[property];
  if (given !== undefined) return textAt(given, `${logicalId}/${property}`);
  return inventedName(stack.name, logicalId, random, maxLength);
}

function refuseTaken({ type, logicalId }: ResourceRequest, name: string, isTaken: boolean): void {
  if (isTaken) throw new Error(`${name} already exists (${type} ${logicalId})`);
}

function roleAttributes({ stack, properties }: ResourceRequest, name: string): Properties {
  const path = textAt(properties.Path ?? '/', 'Path');
  const partition = partitionOf(stack.region);
  return { Arn: `arn:${partition}:iam::${stack.accountId}:role${path}${name}`, RoleId: `AROA${name}` };
}

function logGroupAttributes({ stack }: ResourceRequest, name: string): Properties {
  const { region, accountId } = stack;
  return { Arn: `arn:${partitionOf(region)}:logs:${region}:${accountId}:log-group:${name}:*` };
}

function lambdaFunction({ functions, random }: ResourceTypeOptions): ResourceType {
  const put = async (request: ResourceRequest, functionName: string): Promise<ResourceState> => {
    const arn = await functions.put({ functionName, ...functionConfiguration(request, functionName) });
    return { physicalId: functionName, attributes: { Arn: arn } };
  };
  return {
    replacedBy: ['FunctionName', 'PackageType'],
    create: request => put(request, nameOf(request, 'FunctionName', random, 64)),
    update: (request, { physicalId }) => put(request, physicalId),
    delete: (_request, { physicalId }) => functions.delete(physicalId),
  };
}

function functionConfiguration({ stack, properties }: ResourceRequest, functionName: string) {
  const text = (value: Value | undefined, name: string) => textAt(value, `${functionName}/${name}`);
  const code = objectAt(properties.Code, 'Code');
  const variables = objectAt(
    objectAt(properties.Environment ?? {}, 'Environment').Variables ?? {},
    'Variables',
  );
  const { LogGroup = `/aws/lambda/${functionName}` } = objectAt(
    properties.LoggingConfig ?? {},
    'LoggingConfig',
  );
  return {
    region: stack.region,
    handler: text(properties.Handler, 'Handler'),
    runtime: text(properties.Runtime, 'Runtime'),
    timeoutSeconds: Number(properties.Timeout ?? 3),
    memorySizeMb: Number(properties.MemorySize ?? 128),
    environment: Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, text(value, key)])),
    roleArn: text(properties.Role, 'Role'),
    logGroup: text(LogGroup, 'LoggingConfig/LogGroup'),
    code: { bucket: text(code.S3Bucket, 'Code/S3Bucket'), key: text(code.S3Key, 'Code/S3Key') },
  };
}

function eventInvokeConfig({ functions, random }: ResourceTypeOptions): ResourceType {
  const functionName = ({ properties }: Pick<ResourceRequest, 'properties'>) =>
    textAt(properties.FunctionName, 'FunctionName');
  const put = (request: ResourceRequest, physicalId: string): ResourceState => {
    const { Qualifier, MaximumEventAgeInSeconds, MaximumRetryAttempts } = request.properties;
    if (Qualifier !== '$LATEST')
      throw new Error(`expected the Qualifier $LATEST, got ${JSON.stringify(Qualifier)}`);
    functions.putEventInvokeConfig(functionName(request), {
      maximumEventAgeSeconds: optionalNumber(MaximumEventAgeInSeconds),
      maximumRetryAttempts: optionalNumber(MaximumRetryAttempts),
    });
    return { physicalId, attributes: {} };
  };
  return {
    replacedBy: ['FunctionName', 'Qualifier'],
    create: async request => put(request, inventedName(request.stack.name, request.logicalId, random)),
    update: async (request, { physicalId }) => put(request, physicalId),
    delete: async request => functions.deleteEventInvokeConfig(functionName(request)),
  };
}

function optionalNumber(value: Value | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function ssmParameter({ parameters, random }: ResourceTypeOptions): ResourceType {
  const put = (request: ResourceRequest, name: string): ResourceState => {
    const { Type, Value } = validParameter(request.properties, name);
    parameters.set(name, Value);
    return { physicalId: name, attributes: { Type, Value } };
  };
  return {
    replacedBy: ['Name'],
    create: async request => {
      const name = request.properties.Name ?? `CFN-${inventedName(request.logicalId, 'Value', random)}`;
      refuseTaken(request, textAt(name, 'Name'), parameters.has(textAt(name, 'Name')));
      return put(request, textAt(name, 'Name'));
    },
    update: async (request, { physicalId }: ResourceCopy) => put(request, physicalId),
    delete: async (_request, { physicalId }: ResourceCopy) => void parameters.delete(physicalId),
  };
}

/** Refuses what SSM refuses: another type, an empty or too long value, a name with other characters. */
function validParameter(
  { Type: type, Value: value }: Properties,
  name: string,
): { Type: string; Value: string } {
  if (type !== 'String' && type !== 'StringList') {
    throw new Error(`expected the parameter type String or StringList, got ${JSON.stringify(type)}`);
  }
  const text = textAt(value, `${name}/Value`);
  if (text === '' || text.length > 4096)
    throw new Error(`expected a Value of 1 to 4096 characters, got ${text.length}`);
  if (!/^[\w.\-/]+$/.test(name)) throw new Error(`expected letters, digits, and _.-/ in a Name, got ${name}`);
  return { Type: type, Value: text };
}
