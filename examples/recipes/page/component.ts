import { type CaptchaConfig, createCaptcha } from '../../captcha-site/page/captcha';

/** Calls the API for a component, and returns the function to call when the component is removed. */
export function placeOrder(
  container: Element,
  config: CaptchaConfig,
  order: object,
  onDone: (response: Response) => void,
): () => void {
  const component = new AbortController();
  const { fetchGuarded } = createCaptcha({ config, container });
  fetchGuarded('/api/orders', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
    signal: component.signal,
  }).then(onDone, error => {
    if (!component.signal.aborted) console.error(error);
  });
  return () => component.abort();
}
