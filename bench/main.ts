import { cpus, totalmem } from 'node:os';
import { measureCalls } from './calls/calls';
import { measureHandler } from './handler/handler';
import { measureTemplate } from './template/template';
import {
  measureCreation,
  measureDeletion,
  measureRival,
  measureRollback,
  measureUpdate,
} from './throughput/throughput';

const parts: Readonly<Record<string, { readonly title: string; readonly measure: () => Promise<string> }>> = {
  handler: { title: 'Handler', measure: measureHandler },
  calls: { title: 'API calls of a deployment', measure: measureCalls },
  template: { title: 'Template and synthesis', measure: measureTemplate },
  creation: { title: 'Creation of N keys in an account with 2,000 others', measure: measureCreation },
  update: { title: 'Update of N keys to other domains, with its clean-up', measure: measureUpdate },
  rollback: { title: 'Rollback of such an update, with its clean-up', measure: measureRollback },
  deletion: { title: 'Deletion of a stack with N keys', measure: measureDeletion },
  rival: { title: 'Creation of N keys with AwsCustomResource', measure: measureRival },
};

/** Prints the tables of the parts that are asked for, or of all, as Markdown. */
async function main(asked: readonly string[]): Promise<void> {
  const unknown = asked.filter(name => !(name in parts));
  if (unknown.length > 0) {
    throw new Error(`expected parts out of ${Object.keys(parts).join(', ')}, got ${unknown.join(', ')}`);
  }
  process.stdout.write(`${circumstances()}\n`);
  for (const [name, { title, measure }] of Object.entries(parts)) {
    if (asked.length === 0 || asked.includes(name)) {
      process.stdout.write(`\n## ${title}\n\n${await measure()}\n`);
    }
  }
}

function circumstances(): string {
  const [cpu] = cpus();
  const machine = `${cpus().length} cores (${cpu?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB`;
  const versions = ['aws-cdk-lib', '@aws-sdk/client-wafv2', 'esbuild'].map(
    name => `${name} ${require(`${name}/package.json`).version}`,
  );
  const date = new Date().toISOString().slice(0, 10);
  return `Measured on ${date}: ${machine}, ${process.platform}, Node ${process.versions.node}, ${versions.join(', ')}.`;
}

main(process.argv.slice(2)).catch(error => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
