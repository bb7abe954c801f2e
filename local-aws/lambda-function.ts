/** What CloudFormation tells Lambda about a function. */
export interface FunctionConfiguration {
  readonly functionName: string;
  /** The Region of the stack: part of the ARN and of the function's environment. */
  readonly region: string;
  readonly handler: string;
  readonly runtime: string;
  readonly timeoutSeconds: number;
  readonly memorySizeMb: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly roleArn: string;
  readonly logGroup: string;
  readonly code: { readonly bucket: string; readonly key: string };
}

export interface EventInvokeConfiguration {
  /** 0 to 2; Lambda's default is 2. */
  readonly maximumRetryAttempts?: number;
  readonly maximumEventAgeSeconds?: number;
}

/** Lambda as CloudFormation uses it. */
export interface Functions {
  /** Creates or updates; resolves to the ARN. */
  put(configuration: FunctionConfiguration): Promise<string>;
  delete(functionName: string): Promise<void>;
  putEventInvokeConfig(functionName: string, configuration: EventInvokeConfiguration): void;
  deleteEventInvokeConfig(functionName: string): void;
  /** `InvocationType: Event`: resolves once the event is queued, rejects when the function does not exist. */
  invokeAsynchronously(functionArn: string, payload: string): Promise<void>;
}
