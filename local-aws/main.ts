import { startLocalAws } from './local-aws';
import { ended } from './signals';

/** Keeps a local AWS running until a signal, or the end of standard input where that is a pipe. */
async function main(): Promise<void> {
  const end = ended();
  const aws = await startLocalAws({ region: process.env.AWS_REGION });
  try {
    console.log(instructions(aws.settings));
    await end;
  } finally {
    await aws.close();
  }
}

function instructions(settings: Readonly<Record<string, string>>): string {
  return [
    '# local AWS is running; in the shell of your CDK app:',
    'unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN',
    ...Object.entries(settings).map(([name, value]) => `export ${name}='${value}'`),
    '# Ctrl-C ends it and forgets everything',
  ].join('\n');
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
