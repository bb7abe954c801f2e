/** What the Authorization header of a SigV4-signed request says; all is empty when there is none. */
export interface Authorization {
  readonly accessKeyId: string;
  readonly service: string;
  readonly region: string;
}

export function authorizationOf(headers: Readonly<Record<string, string>>): Authorization {
  const [, accessKeyId = '', region = '', service = ''] =
    /Credential=([^/,]+)\/\d{8}\/([\w-]+)\/([\w-]+)\/aws4_request/.exec(headers.authorization ?? '') ?? [];
  return { accessKeyId, service, region };
}
