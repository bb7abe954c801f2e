import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jsii } from '../../package.json';

/** What is read of the description of the library that jsii writes. */
interface Assembly {
  readonly types: Readonly<Record<string, AssemblyType>>;
}

interface AssemblyType {
  readonly kind: 'class' | 'enum' | 'interface';
  readonly name: string;
  readonly datatype?: boolean;
  readonly members?: readonly { readonly name: string }[];
  readonly methods?: readonly { readonly name: string }[];
  readonly properties?: readonly { readonly name: string }[];
}

/** Fails unless the C# declares every public type of the library and every member of it. */
export async function checkCSharp(folder: string, assemblyFile: string): Promise<void> {
  const { types } = JSON.parse(await readFile(assemblyFile, 'utf8')) as Assembly;
  const missing: string[] = [];
  for (const type of Object.values(types)) {
    for (const declared of declarationsOf(type)) {
      const source = await readFile(join(sourcesIn(folder), `${declared}.cs`), 'utf8');
      const lacking = signaturesOf(type, declared).filter(signature => !signature.test(source));
      missing.push(...lacking.map(signature => `${declared}.cs: ${signature}`));
    }
  }
  if (missing.length > 0) throw new Error(`the C# lacks\n${missing.join('\n')}`);
}

function sourcesIn(folder: string): string {
  const { packageId, namespace } = jsii.targets.dotnet;
  return join(folder, packageId, namespace);
}

/** In C# a struct of props is a class and an interface. */
function declarationsOf({ name, datatype }: AssemblyType): string[] {
  return datatype ? [name, `I${name}`] : [name];
}

function signaturesOf(type: AssemblyType, declared: string): RegExp[] {
  const kind = declared === type.name ? (type.datatype ? 'class' : type.kind) : 'interface';
  return [
    new RegExp(`^ *public ${kind} ${declared}\\b`, 'm'),
    ...(type.members ?? []).map(({ name }) => new RegExp(`^ *${name},?$`, 'm')),
    ...(type.methods ?? []).map(({ name }) => new RegExp(` ${capitalized(name)}\\(`)),
    ...(type.properties ?? []).map(({ name }) => new RegExp(` ${capitalized(name)}$\\s*\\{\\s*get`, 'm')),
  ];
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
