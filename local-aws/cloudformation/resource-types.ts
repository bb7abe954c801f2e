import type { Functions } from '../lambda-function';
import { inventedName, type Random } from './identifiers';
import { parameterKey, partitionOf } from './parameters';
import { type PassiveType, passiveTypes } from './passive-types';
import type { ResourceCopy, ResourceRequest, ResourceState, ResourceType } from './resource-type';
import { objectAt, type Properties, textAt, type Value } from './value';

export interface ResourceTypeOptions {
  readonly random: Random;
  readonly functions: Functions;
  /** Where SSM finds the values of its parameters, by `parameterKey`. */
  readonly parameters: Parameters;
}

export type Parameters = Pick<Map<string, string>, 'get' | 'set' | 'has' | 'delete'>;

/** The resource types that are imitated, custom resources aside. IAM is recorded, never enforced. */
export function awsResourceTypes(options: ResourceTypeOptions): Map<string, ResourceType> {
  return new Map([
    ...Object.entries(passiveTypes).map(([name, type]) => [name, passive(type, options)] as const),
    ['AWS::Lambda::EventInvokeConfig', eventInvokeConfig(options)],
    ['AWS::Lambda::Function', lambdaFunction(options)],
    ['AWS::SSM::Parameter', ssmParameter(options)],
  ]);
}

function passive(
  { name: nameProperty, maxLength, replacedBy = [], id = ({ name }) => name, attributes = {} }: PassiveType,
  { random }: ResourceTypeOptions,
): ResourceType {
  const taken = new Set<string>();
  const create = async (request: ResourceRequest) => {
    const { region, accountId } = request.stack;
    const name = nameOf(request, nameProperty, random, maxLength);
    const partition = partitionOf(region);
    const resource = { name, region, accountId, partition, properties: request.properties };
    const physicalId = id(resource);
    refuseTaken(request, name, nameProperty !== undefined && taken.has(scoped(request, physicalId)));
    taken.add(scoped(request, physicalId));
    const values = Object.entries(attributes).map(([attribute, value]) => [attribute, value(resource)]);
    return { physicalId, attributes: Object.fromEntries(values) };
  };
  return {
    replacedBy: nameProperty === undefined ? replacedBy : [nameProperty, ...replacedBy],
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
  if (code.S3Bucket === undefined) {
    const given = Object.keys(code).join(', ');
    throw new Error(`local aws does not take the code of ${functionName} from ${given}, only from S3`);
  }
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
  const put = ({ stack, properties }: ResourceRequest, name: string): ResourceState => {
    const { Type, Value } = validParameter(properties, name);
    parameters.set(parameterKey(stack.region, name), Value);
    return { physicalId: name, attributes: { Type, Value } };
  };
  return {
    replacedBy: ['Name'],
    create: async request => {
      const { stack, logicalId, properties } = request;
      const name = textAt(properties.Name ?? `CFN-${inventedName(logicalId, 'Value', random)}`, 'Name');
      refuseTaken(request, name, parameters.has(parameterKey(stack.region, name)));
      return put(request, name);
    },
    update: async (request, { physicalId }: ResourceCopy) => put(request, physicalId),
    delete: async ({ stack }, { physicalId }: ResourceCopy) =>
      void parameters.delete(parameterKey(stack.region, physicalId)),
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
