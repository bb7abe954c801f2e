import type { AwsCredentialIdentity } from '@smithy/types';

export const ENGINES = ['local', 'ministack', 'aws'] as const;

export type EngineName = (typeof ENGINES)[number];

/** An AWS, as the suite sees it: what leads the `cdk` CLI and the SDK's clients to it, and nothing more. */
export interface Engine {
  readonly name: EngineName;
  readonly region: string;
  /** The whole environment of the CLI. */
  readonly environment: Readonly<Record<string, string>>;
  readonly client: {
    readonly region: string;
    readonly endpoint?: string;
    readonly credentials?: AwsCredentialIdentity;
  };
  /** How often the suite reads the record of a stack. */
  readonly readEveryMs: number;
  /** How long a twin waits before it responds. */
  readonly holdSeconds: number;
  /** How long one run of the CLI may take. */
  readonly cliTimeoutMs: number;
  /** How long a list may lag behind. */
  readonly listLagMs: number;
  /** How it is put together, for the report. */
  readonly remarks: readonly string[];
  /** Where it is known to depart from AWS, or from what AWS's documentation says. */
  readonly departures: readonly string[];
  close(): Promise<void>;
}
