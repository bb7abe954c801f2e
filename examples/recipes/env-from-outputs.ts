import { readFileSync } from 'node:fs';

// cdk deploy --outputs-file outputs.json
// tsx env-from-outputs.ts outputs.json PageConfig VITE_CAPTCHA_CONFIG > .env.production
if (require.main === module) {
  const [file = '', stack = '', variable = ''] = process.argv.slice(2);
  console.log(envLine(readFileSync(file, 'utf8'), stack, variable));
}

/** The line of a `.env` file that holds the output `ClientConfig` of a stack. */
export function envLine(outputs: string, stack: string, variable: string): string {
  const config: unknown = JSON.parse(outputs)[stack]?.ClientConfig;
  if (typeof config !== 'string')
    throw new Error(`expected an output ClientConfig of ${stack}, got ${config}`);
  return `${variable}='${config}'`;
}
