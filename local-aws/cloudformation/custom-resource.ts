import type { Clock } from '../clock';
import type { Functions } from '../lambda-function';
import { type Variants, wait } from './environment';
import { inventedName, type Random, uuid } from './identifiers';
import {
  type ResourceCopy,
  ResourceFailure,
  type ResourceRequest,
  type ResourceState,
  type ResourceType,
} from './resource-type';
import { isObject, type Properties, toValue, type Value, withScalarsAsText } from './value';

export interface CustomResourceOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly functions: Pick<Functions, 'invokeAsynchronously'>;
  /** The address to which the answer of the request with this token is put. */
  readonly responseUrl: (token: string) => string;
  readonly variants: Variants;
}

/** What arrived at a response URL, and whether CloudFormation still waited for it. */
export interface Answer {
  readonly token: string;
  /** Absent when no request ever had the token. */
  readonly requestId?: string;
  readonly body: string;
  readonly accepted: boolean;
}

type RequestType = 'Create' | 'Update' | 'Delete';

interface Request {
  readonly requestType: RequestType;
  readonly requestId: string;
  readonly resource: ResourceRequest;
  /** The id that counts when the answer gives none. */
  readonly physicalId: string;
  readonly functionArn: string;
  readonly timeoutSeconds: number;
  /** What only some request types carry. */
  readonly fields: Partial<RequestFields>;
}

interface RequestFields {
  readonly PhysicalResourceId: string;
  readonly OldResourceProperties: Value;
  readonly ResourceType: string;
  readonly ResourceProperties: Value | undefined;
}

// aborting without a reason would make an exception with a stack trace each time
const settled = new Error('the request is settled');

const maxAnswerBytes = 4096;
const maxPhysicalIdBytes = 1024;
const defaultTimeoutSeconds = 3600;

/** `Custom::*`: sends events to the function that `ServiceToken` names and waits for its answers. */
export class CustomResources implements ResourceType {
  /** Every answer that arrived, in order. */
  readonly answers: Answer[] = [];
  private readonly requestIds = new Map<string, string>();
  private readonly waiting = new Map<string, (body: Buffer) => void>();

  constructor(private readonly options: CustomResourceOptions) {}

  async create(resource: ResourceRequest): Promise<ResourceState> {
    const { stack, logicalId } = resource;
    return this.request('Create', resource, inventedName(stack.name, logicalId, this.options.random), {});
  }

  async update(resource: ResourceRequest, present: ResourceCopy): Promise<ResourceState> {
    if (resource.properties.ServiceToken !== present.properties.ServiceToken) {
      throw new Error('Modifying service token is not allowed.');
    }
    return this.request('Update', resource, present.physicalId, {
      PhysicalResourceId: present.physicalId,
      OldResourceProperties: withScalarsAsText(present.properties),
    });
  }

  async delete(resource: ResourceRequest, { physicalId }: ResourceCopy): Promise<void> {
    const bare = resource.isRollbackCleanUp ? this.bareFields(resource) : {};
    await this.request('Delete', resource, physicalId, { PhysicalResourceId: physicalId, ...bare });
  }

  private bareFields({ properties: { ServiceToken = '' } }: ResourceRequest): Partial<RequestFields> {
    const { rollbackDeletes } = this.options.variants;
    if (rollbackDeletes === 'everything') return {};
    const ResourceProperties = rollbackDeletes === 'no properties' ? undefined : { ServiceToken };
    return { ResourceType: 'AWS::CloudFormation::CustomResource', ResourceProperties };
  }

  /** Takes what was put to a response URL. The first answer counts, while the request is waited for. */
  answer(token: string, body: Buffer): void {
    const accept = this.waiting.get(token);
    const accepted = accept !== undefined;
    this.answers.push({ token, requestId: this.requestIds.get(token), body: body.toString(), accepted });
    this.waiting.delete(token);
    accept?.(body);
  }

  private async request(
    requestType: RequestType,
    resource: ResourceRequest,
    physicalId: string,
    fields: Partial<RequestFields>,
  ): Promise<ResourceState> {
    const { signal, properties } = resource;
    const request = {
      ...{ requestType, requestId: uuid(this.options.random), resource, physicalId, fields },
      functionArn: serviceToken(properties.ServiceToken),
      timeoutSeconds: serviceTimeout(properties.ServiceTimeout),
    };
    const { signingDelayMs, recordingDelayMs, cancelsUnrecorded } = this.options.variants;
    try {
      signal.throwIfAborted();
      await wait(this.options, signingDelayMs, signal);
      const answer = await this.exchange(request);
      await wait(this.options, recordingDelayMs, cancelsUnrecorded ? signal : undefined);
      return accepted(answer, request);
    } catch (error) {
      if (error instanceof ResourceFailure) throw error;
      if (signal.aborted && error === signal.reason)
        throw new ResourceFailure(cancellation(requestType), physicalId);
      throw new ResourceFailure(error instanceof Error ? error.message : String(error), physicalId);
    }
  }

  private async exchange(request: Request): Promise<Buffer> {
    const { requestId, requestType, resource, functionArn, timeoutSeconds } = request;
    const token = uuid(this.options.random);
    const over = new AbortController();
    this.requestIds.set(token, requestId);
    const answered = new Promise<Buffer>((accept, refuse) => {
      this.waiting.set(token, accept);
      const giveUp = (error: Error) => {
        this.waiting.delete(token);
        refuse(error);
      };
      const cancel = () => giveUp(new Error(cancellation(requestType)));
      resource.signal.addEventListener('abort', cancel, { signal: over.signal });
      const expire = () => giveUp(new Error(silence(requestId, timeoutSeconds)));
      this.options.clock.sleep(timeoutSeconds * 1000, over.signal).then(expire, () => undefined);
      const event = this.event(request, token);
      this.options.functions.invokeAsynchronously(functionArn, JSON.stringify(event)).catch(giveUp);
    });
    return answered.finally(() => over.abort(settled));
  }

  private event({ requestType, requestId, resource, functionArn, fields }: Request, token: string) {
    return {
      RequestType: requestType,
      ServiceToken: functionArn,
      ResponseURL: this.signedUrl(token),
      StackId: resource.stack.id,
      RequestId: requestId,
      LogicalResourceId: resource.logicalId,
      ResourceType: resource.type,
      ResourceProperties: withScalarsAsText(resource.properties),
      ...fields,
    };
  }

  private signedUrl(token: string): string {
    const url = this.options.responseUrl(token);
    const time = new Date(this.options.clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
    return `${url}${url.includes('?') ? '&' : '?'}X-Amz-Date=${time}&X-Amz-Expires=7200`;
  }
}

function serviceToken(value: Value | undefined): string {
  if (typeof value === 'string' && value.startsWith('arn:')) return value;
  throw new Error(`expected a function's ARN as ServiceToken, got ${JSON.stringify(value)}`);
}

function serviceTimeout(value: Value | undefined): number {
  const seconds = Number(value ?? defaultTimeoutSeconds);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 3600) return seconds;
  throw new Error(`expected a ServiceTimeout of 1 to 3600 seconds, got ${JSON.stringify(value)}`);
}

function cancellation(requestType: RequestType): string {
  return `Resource ${requestType === 'Update' ? 'update' : 'creation'} cancelled`;
}

function silence(requestId: string, seconds: number): string {
  const what = 'CloudFormation did not receive a response from your Custom Resource';
  return `${what} within ${seconds} seconds. Please check your logs for requestId [${requestId}].`;
}

function accepted(body: Buffer, request: Request): ResourceState {
  if (body.length > maxAnswerBytes) throw new Error('Response object is too long.');
  const answer = parseAnswer(body);
  const { stack, logicalId } = request.resource;
  const expected = { StackId: stack.id, RequestId: request.requestId, LogicalResourceId: logicalId };
  for (const [field, value] of Object.entries(expected)) {
    if (answer[field] !== value) {
      throw new Error(`Invalid response: expected ${field} ${value}, got ${JSON.stringify(answer[field])}`);
    }
  }
  return outcome(answer, request);
}

function parseAnswer(body: Buffer): Properties {
  try {
    const answer = toValue(JSON.parse(body.toString(), withoutNull), 'response');
    if (isObject(answer)) return answer;
  } catch {
    // told below, like any other answer that is no object
  }
  throw new Error(`Response is not a valid JSON object: ${body.toString().slice(0, 100)}`);
}

function withoutNull(_key: string, value: unknown): unknown {
  return value === null ? undefined : value;
}

function outcome(answer: Properties, { requestId, physicalId }: Request): ResourceState {
  const { Status, Reason, PhysicalResourceId, Data = {} } = answer;
  const id = validPhysicalId(PhysicalResourceId) ? PhysicalResourceId : physicalId;
  if (Status === 'FAILED') {
    const message = `Received response status [FAILED] from custom resource. Message returned: ${Reason ?? ''}`;
    throw new ResourceFailure(`${message} (RequestId: ${requestId})`, id, true);
  }
  if (Status !== 'SUCCESS')
    throw new Error(`Invalid response: expected a Status, got ${JSON.stringify(Status)}`);
  if (id !== PhysicalResourceId) throw new Error('Invalid PhysicalResourceId');
  if (!isObject(Data))
    throw new Error(`Invalid response: expected an object as Data, got ${JSON.stringify(Data)}`);
  return { physicalId: id, attributes: Data };
}

function validPhysicalId(id: Value | undefined): id is string {
  return typeof id === 'string' && id !== '' && Buffer.byteLength(id) <= maxPhysicalIdBytes;
}
