import { AwsError, jsonError } from './aws-error';
import type { Service, ServiceRequest, ServiceResponse } from './service';

export type JsonInput = Readonly<Record<string, unknown>>;

/** One awsJson1_1 operation: input in, output (or a thrown `AwsError`) out. */
export type JsonOperation = (input: JsonInput, request: ServiceRequest) => Promise<object> | object;

/** An awsJson1_1 service; operations that it does not have are refused by name. */
export function jsonService(
  targetPrefix: string,
  operations: Readonly<Record<string, JsonOperation>>,
): Service {
  return async request => {
    try {
      return success(await find(operations, targetPrefix, request)(parse(request.body), request));
    } catch (error) {
      if (error instanceof AwsError) return jsonError(error);
      throw error;
    }
  };
}

/** A member that must be a string; what is missing or of another type is refused as AWS does. */
export function requiredText(input: JsonInput, member: string): string {
  const value = input[member];
  if (typeof value === 'string') return value;
  throw invalid(member, value, 'Member must not be null');
}

/** A violated constraint of the service's model. */
export function invalid(member: string, value: unknown, constraint: string): AwsError {
  const name = member.charAt(0).toLowerCase() + member.slice(1);
  const shown = value === undefined ? 'null' : `'${String(value)}'`;
  const message = `Value ${shown} at '${name}' failed to satisfy constraint: ${constraint}`;
  return new AwsError('ValidationException', `1 validation error detected: ${message}`);
}

function find(
  operations: Readonly<Record<string, JsonOperation>>,
  targetPrefix: string,
  request: ServiceRequest,
): JsonOperation {
  const target = request.headers['x-amz-target'] ?? '(no X-Amz-Target)';
  const [prefix, name] = target.split('.');
  const operation =
    prefix === targetPrefix && name && Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (operation) return operation;
  throw new AwsError('UnknownOperationException', `local aws does not imitate ${request.service} ${target}`);
}

function parse(body: Buffer): JsonInput {
  try {
    const input: unknown = JSON.parse(body.toString('utf8') || '{}');
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as JsonInput;
  } catch {
    // falls through to the refusal
  }
  throw new AwsError('SerializationException', 'expected a JSON object as the body');
}

function success(output: object): ServiceResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify(output),
  };
}
