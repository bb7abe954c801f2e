/** A request of a browser or a proxy. */
export interface HttpRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** In lower case, without a port. */
  readonly host: string;
  /** As requested: not decoded or normalised. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** Something that answers requests: a server, a proxy in front of one, or the CAPTCHA's service. */
export type Answers = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

export function json(status: number, value: unknown): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** The header's first value, or an empty string. */
export function headerOf({ headers }: { readonly headers: Headers }, name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}
