import { execSync } from 'node:child_process';
import { existsSync } from 'node:fs';

// npm runs this where the package is installed from git or from a folder, and before it packs; plain JavaScript, since
// nothing may be installed there
if (!existsSync('node_modules/jsii')) {
  console.error(
    `cdk-waf-captcha-api-key: expected its development dependencies in ${process.cwd()}, got none: run \`npm ci\` there first`,
  );
  process.exit(1);
}
execSync('npm run build', { stdio: 'inherit' });
