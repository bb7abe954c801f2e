/** Service and Region of a SigV4-signed request; both empty when it is not signed. */
export function credentialScope(headers: Readonly<Record<string, string>>): {
  service: string;
  region: string;
} {
  const scope = /Credential=[^/,]+\/\d{8}\/([\w-]+)\/([\w-]+)\/aws4_request/.exec(
    headers.authorization ?? '',
  );
  return { region: scope?.[1] ?? '', service: scope?.[2] ?? '' };
}
