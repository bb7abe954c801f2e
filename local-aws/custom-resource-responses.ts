import { AwsError, s3Error } from './aws-error';
import type { Clock } from './clock';
import { Faults } from './faults';
import type { Service, ServiceRequest, ServiceResponse } from './service';

/** Where the presigned URLs begin. */
export const responsePath = '/cloudformation-custom-resource-response/';

/** The presigned URLs to which custom resources put their answers. */
export class CustomResourceResponses {
  /** What goes wrong, on demand; the operation is the method, `PUT`. */
  readonly faults: Faults<{ readonly operation: string; readonly token: string }>;

  /** `accept` takes each answer that arrives before its URL expires. */
  constructor(
    private readonly clock: Clock,
    private readonly accept: (token: string, body: Buffer) => void,
  ) {
    this.faults = new Faults(clock);
  }

  readonly service: Service = async request => {
    const token = request.path.slice(responsePath.length);
    try {
      return await this.faults.run({ operation: request.method, token }, () => this.put(token, request));
    } catch (error) {
      if (error instanceof AwsError) return s3Error(error);
      throw error;
    }
  };

  private put(token: string, { method, headers, query, body }: ServiceRequest): ServiceResponse {
    if (method !== 'PUT') throw new AwsError('MethodNotAllowed', `expected a PUT, got ${method}`, 405);
    if (headers['content-length'] === undefined) {
      throw new AwsError('NotImplemented', 'expected a Content-Length, got a chunked body', 501);
    }
    const ageMs = this.clock.now() - timeOf(query.get('X-Amz-Date') ?? '');
    // written so that a missing or malformed date is refused too
    if (!(ageMs <= Number(query.get('X-Amz-Expires')) * 1000)) {
      throw new AwsError('AccessDenied', 'Request has expired', 403);
    }
    this.accept(token, body);
    return { status: 200 };
  }
}

function timeOf(amzDate: string): number {
  return Date.parse(amzDate.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
