const version = '30';

/** SSM's parameters, where every environment has the version of its bootstrap stack from the start. */
export class BootstrappedParameters extends Map<string, string> {
  override get(key: string): string | undefined {
    return super.get(key) ?? (/ \/cdk-bootstrap\/[\w-]+\/version$/.test(key) ? version : undefined);
  }
}

/** Whether this is where the CLI puts assets, whatever the qualifier. */
export function isBootstrapBucket(bucket: string, accountId: string): boolean {
  return /^cdk-[a-z0-9]+-assets-(\d+)-/.exec(bucket)?.[1] === accountId;
}
