import type { Inventory } from './key-registry';

/** The attributes of a key, as the answer's `Data`. */
export function attributesOf(
  inventory: Inventory,
  key: string,
  createdAt: Date,
): Readonly<Record<string, string>> {
  const url = integrationUrlOf(inventory);
  return {
    APIKey: key,
    ApplicationIntegrationURL: url,
    ScriptURL: `${url}/jsapi.js`,
    CreationTimestamp: createdAt.toISOString(),
  };
}

/**
 * The integration URL without a slash at its end: AWS gives it with one, while its guide appends "/jsapi.js".
 *
 * @throws when WAF gave none.
 */
export function integrationUrlOf({ applicationIntegrationUrl }: Inventory): string {
  if (applicationIntegrationUrl) return applicationIntegrationUrl.replace(/\/+$/, '');
  throw new Error('ListAPIKeys: expected an ApplicationIntegrationURL, got none');
}
