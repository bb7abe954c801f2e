/** One AWS API request as it reached the endpoint. */
export interface ServiceRequest {
  /** The service and Region of the SigV4 credential scope, e.g. `wafv2` and `us-east-1`. */
  readonly service: string;
  readonly region: string;
  readonly method: string;
  /** The decoded path without the query, e.g. `/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What answers for one AWS service behind the endpoint. */
export type Service = (request: ServiceRequest) => Promise<ServiceResponse>;
