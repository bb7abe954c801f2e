import { passiveTypes } from './cloudformation/passive-types';
import { startLocalAws } from './local-aws';
import { ended } from './signals';

/** Keeps a local AWS running until it is asked to end. */
async function main(): Promise<void> {
  const end = ended();
  const aws = await startLocalAws({
    region: process.env.AWS_REGION,
    onLogLine: (functionName, line) => console.error(`${functionName} | ${line}`),
  });
  try {
    console.log(instructions(aws.settings));
    await end;
  } finally {
    await aws.close();
  }
}

function instructions(settings: Readonly<Record<string, string>>): string {
  return [
    '# Local AWS is running, empty, and bootstrapped for the CDK in every Region. In the shell of your CDK app:',
    'unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN',
    ...Object.entries(settings).map(([name, value]) => `export ${name}='${value}'`),
    '#',
    '# Works: AWS::Lambda::Function (nodejs), AWS::Lambda::EventInvokeConfig, AWS::SSM::Parameter, Custom::*',
    '# Recorded only, with ids and attributes that lead nowhere:',
    ...recordedTypes().map(line => `#   ${line}`),
    '# Any other type, and any other attribute, is refused by its name. docs/local-aws.md has the rest.',
    "# The functions' logs appear here. Ctrl-C ends local AWS, and everything is forgotten.",
  ].join('\n');
}

/** A line for each service. */
function recordedTypes(): string[] {
  const byService = new Map<string, string[]>();
  for (const type of Object.keys(passiveTypes)) {
    const [service = '', name = ''] = type.split(/::(?=\w+$)/);
    byService.set(service, [...(byService.get(service) ?? []), name]);
  }
  return [...byService].map(([service, names]) => `${service}:: ${names.join(', ')}`);
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
