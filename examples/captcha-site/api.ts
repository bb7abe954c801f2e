/** What a function URL passes to its function, as far as it is read here. */
export interface ApiRequest {
  readonly rawPath: string;
  readonly requestContext: { readonly http: { readonly method: string } };
}

/** What a function URL accepts as a response. */
export interface ApiResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };

/** The API behind the web ACL. */
export async function handler({ rawPath, requestContext }: ApiRequest): Promise<ApiResponse> {
  // only the exact path: another spelling may have got past the web ACL's rule
  if (rawPath !== '/api/phone-number') return { statusCode: 404, headers, body: '{}' };
  // a browser sends this before it calls from another origin; CloudFront adds the CORS headers
  if (requestContext.http.method === 'OPTIONS') return { statusCode: 204, headers: {}, body: '' };
  return { statusCode: 200, headers, body: JSON.stringify({ phoneNumber: '+1 202-555-0143' }) };
}
