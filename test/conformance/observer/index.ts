import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { deleteObjects, readObjects, writeObject } from './notebook';

/** What the observer writes down of one request. */
export interface Observation {
  readonly receivedAt: number;
  readonly event: CloudFormationCustomResourceEvent;
  readonly response: ObservedResponse;
}

export interface ObservedResponse {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
  readonly Data?: Readonly<Record<string, string>>;
}

/** What the suite asks of it. */
type Question = { readonly read: string } | { readonly forget: true };

const WRITE_ATTEMPTS = 20;

/**
 * Writes down what a custom resource receives, then responds: a twin as a key would, by an id that stands for what is
 * desired, and a neighbour as it is told.
 */
export async function handler(
  event: CloudFormationCustomResourceEvent | Question,
): Promise<Observation[] | undefined> {
  if ('read' in event) return observationsOf(await readObjects(event.read));
  if ('forget' in event) return void (await deleteObjects());
  const receivedAt = Date.now();
  const response = responseTo(event);
  const observation: Observation = { receivedAt, event, response };
  const name = `${nameOf(event.StackId)}/${receivedAt}-${event.RequestId}.json`;
  await write(name, JSON.stringify(observation));
  await setTimeout(Number(event.ResourceProperties?.HoldSeconds ?? 0) * 1000);
  await respond(event, response);
  return undefined;
}

function observationsOf(texts: readonly string[]): Observation[] {
  return texts.map(text => JSON.parse(text) as Observation).sort((a, b) => a.receivedAt - b.receivedAt);
}

/** Tries for a while: the permissions of a new role take some time. */
async function write(name: string, text: string): Promise<void> {
  for (let attempt = 1; attempt <= WRITE_ATTEMPTS; attempt++) {
    try {
      return await writeObject(name, text);
    } catch (error) {
      // a request without a response would hold the stack for an hour: rather a recording that lacks it
      console.log(`could not write ${name} (attempt ${attempt}): ${error}`);
      await setTimeout(1000);
    }
  }
}

function nameOf(stackId: string): string {
  return stackId.split('/')[1] ?? '';
}

function responseTo(event: CloudFormationCustomResourceEvent): ObservedResponse {
  const { RequestType, ResourceProperties: properties, LogicalResourceId } = event;
  // a clean-up's Delete may come without properties
  if (RequestType === 'Delete') return { Status: 'SUCCESS', PhysicalResourceId: event.PhysicalResourceId };
  if (properties.TokenDomains === undefined) {
    const id = RequestType === 'Update' ? event.PhysicalResourceId : `${LogicalResourceId}-neighbour`;
    if (properties.Fails !== 'true') return { Status: 'SUCCESS', PhysicalResourceId: id };
    return { Status: 'FAILED', Reason: 'this neighbour was told to fail', PhysicalResourceId: id };
  }
  const desired = desiredIn(properties);
  const PhysicalResourceId = `CaptchaKeyTwin/${LogicalResourceId}/${desired}`;
  const isSilent = RequestType === 'Update' && properties.NoDataOnUpdate === 'true';
  return { Status: 'SUCCESS', PhysicalResourceId, ...(!isSilent && { Data: { Desired: desired } }) };
}

function desiredIn(properties: Readonly<Record<string, unknown>>): string {
  const { Scope, TokenDomains, Rotation, ExistingApiKey } = properties;
  const domains = [TokenDomains].flat().map(domain => String(domain).toLowerCase());
  const desired = JSON.stringify([Scope, domains.sort(), Rotation ?? null, ExistingApiKey ?? null]);
  return createHash('sha256').update(desired).digest('hex').slice(0, 16);
}

async function respond(event: CloudFormationCustomResourceEvent, response: ObservedResponse): Promise<void> {
  const { StackId, RequestId, LogicalResourceId, ResponseURL } = event;
  const body = JSON.stringify({ ...response, StackId, RequestId, LogicalResourceId });
  // a signature of the older kind would cover a content type
  const headers = { 'content-type': '' };
  const { status } = await fetch(ResponseURL, { method: 'PUT', body, headers });
  if (status !== 200) throw new Error(`expected the response URL to answer 200, got ${status}`);
}
