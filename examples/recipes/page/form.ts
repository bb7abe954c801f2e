import { createCaptcha, loadConfig } from '../../captcha-site/page/captcha';

/** Sends a form's content to the API. A puzzle appears in the container if AWS WAF asks for one. */
export async function placeOrder(container: Element, body: FormData): Promise<Response> {
  const { fetchGuarded } = createCaptcha({
    config: () => loadConfig('captcha-config.json'),
    container,
  });
  return fetchGuarded('/api/orders', { method: 'POST', body });
}
