import { type CaptchaConfig, checkConfig } from '../../captcha-site/page/captcha';

/** The configuration for the page's host, among those that `tenants.ts` publishes. */
export async function tenantConfig(url = 'captcha-configs.json'): Promise<CaptchaConfig> {
  const configs: Record<string, unknown> = await (await fetch(url)).json();
  const host = `.${window.location.hostname}`;
  const domain = Object.keys(configs).find(name => host.endsWith(`.${name}`)) ?? '';
  return checkConfig(JSON.stringify(configs[domain] ?? null), `${url} for ${window.location.hostname}`);
}
