import type { Engine } from './engine';

/** AWS itself, with the credentials that the SDK and the CLI find by themselves. */
export function openAws(folder: string, region: string): Engine {
  const elsewhere = Object.keys(process.env).filter(name => name.startsWith('AWS_ENDPOINT_URL'));
  if (elsewhere.length > 0) throw new Error(`expected AWS's own endpoints, got ${elsewhere.join(', ')}`);
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return {
    name: 'aws',
    region,
    environment: {
      ...Object.fromEntries(inherited),
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      CDK_DISABLE_VERSION_CHECK: 'true',
      TMPDIR: folder,
    },
    client: { region },
    readEveryMs: 2000,
    holdSeconds: 5,
    cliTimeoutMs: 75 * 60_000,
    listLagMs: 60_000,
    remarks: [`AWS in ${region}`],
    departures: [],
    close: async () => undefined,
  };
}
