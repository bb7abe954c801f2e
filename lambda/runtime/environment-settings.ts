import {
  fromStatic,
  type loadConfig as Load,
  type resolveDefaultsModeConfig as Resolve,
} from '@smithy/core/config';

/**
 * Replaces `@smithy/core/config` in the bundle: the SDK looks up each of its settings in the environment and then
 * in files under the home folder, which Lambda does not have.
 */
export * from '@smithy/core/config';

/** A setting of the SDK, from the environment. */
export const loadConfig: typeof Load =
  ({ environmentVariableSelector, default: fallback }, options) =>
  async () =>
    environmentVariableSelector(process.env, options) ?? fromStatic(fallback)();

/** The SDK's default. The handler itself sets what another mode would: attempts and time-outs. */
export const resolveDefaultsModeConfig: typeof Resolve = () => async () => 'legacy';
