import {
  fromStatic,
  type loadConfig as Load,
  type resolveDefaultsModeConfig as Resolve,
} from '@smithy/core/config';

/**
 * Stands in the bundle for `@smithy/core/config`: the SDK looks up each of its settings in the environment and then
 * in files under the home folder, which Lambda does not have.
 */
export * from '@smithy/core/config';

/** A setting of the SDK, from the environment. */
export const loadConfig: typeof Load =
  ({ environmentVariableSelector, default: fallback }, options) =>
  async () =>
    environmentVariableSelector(process.env, options) ?? fromStatic(fallback)();

/** The SDK's default. What else a mode would set, attempts and time-outs, the handler sets itself. */
export const resolveDefaultsModeConfig: typeof Resolve = () => async () => 'legacy';
