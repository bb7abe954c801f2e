import { type CaptchaConfig, checkConfig } from '../../captcha-site/page/captcha';

/** The configuration for the page's host, among those that `tenants.ts` publishes. */
export async function tenantConfig(url = 'captcha-configs.json'): Promise<CaptchaConfig> {
  const configs: Record<string, Partial<CaptchaConfig>> = await (await fetch(url)).json();
  const { hostname } = window.location;
  // of several domains, the nearest: a tenant may be on a sub-domain of another's
  const [domain = ''] = Object.keys(configs)
    .filter(name => `.${hostname}`.endsWith(`.${name}`))
    .sort((one, other) => other.length - one.length);
  return checkConfig(configs[domain], `${url} for ${hostname}`);
}
