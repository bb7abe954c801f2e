import type { Captcha } from '../../captcha-site/page/captcha';

/** A call by axios or an SDK, given the headers to send; repeated after a puzzle if `wantsPuzzle` says so. */
export async function callGuarded<Result>(
  captcha: Captcha,
  call: (headers: Record<string, string>) => Promise<Result>,
  wantsPuzzle: (error: unknown) => boolean,
): Promise<Result> {
  try {
    return await call({ 'x-aws-waf-token': await captcha.getToken() });
  } catch (error) {
    if (!wantsPuzzle(error)) throw error;
    return call({ 'x-aws-waf-token': await captcha.solvePuzzle() });
  }
}
