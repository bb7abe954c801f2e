import { join } from 'node:path';
import type { Credentials } from './credentials';

const withoutNodeWarning = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

/** The settings that lead the CDK CLI and the SDKs of a child process to the endpoint, and nowhere else. */
export function endpointSettings(
  url: string,
  region: string,
  { accessKeyId, secretAccessKey }: Credentials,
  folder: string,
): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    // nothing of the user's own configuration: files that are not there, and no metadata service
    AWS_CONFIG_FILE: join(folder, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'no-credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    // the CLI: its caches apart, and no talk to anything but the endpoint
    CDK_HOME: join(folder, 'cdk-home'),
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DISABLE_VERSION_CHECK: 'true',
    CDK_NOTICES: 'false',
    // the CLI and the SDKs warn of Node versions at each start, and nobody can act on that here
    ...withoutNodeWarning,
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
  };
}

/** This process's environment without any AWS or CDK variable, with `settings` in their place. */
export function childEnvironment(
  settings: Readonly<Record<string, string>>,
  folder: string,
): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !/^(AWS|CDK)_/.test(name)) inherited[name] = value;
  }
  return { ...inherited, TMPDIR: folder, ...withoutNodeWarning, ...settings };
}
