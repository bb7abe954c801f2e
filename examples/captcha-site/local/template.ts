import type { Stack } from 'aws-cdk-lib';
import { Template as Synthesized } from 'aws-cdk-lib/assertions';

export interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: unknown }>>;
}

/** The template of a stack. */
export function templateOf(stack: Stack): Template {
  const { Resources = {} } = Synthesized.fromStack(stack).toJSON();
  return { Resources };
}

/** The properties of the only resource of a type. */
export function theOnly<Properties>(template: Template, type: string): Properties {
  const [found, ...more] = allOf<Properties>(template, type);
  if (found === undefined || more.length > 0) throw new Error(`expected one ${type} in the template`);
  return found;
}

/** The properties of the resources of a type. */
export function allOf<Properties>({ Resources }: Template, type: string): Properties[] {
  const found = Object.values(Resources).filter(resource => resource.Type === type);
  // the template is trusted, here as in CloudFormation
  return found.map(({ Properties }) => Properties as Properties);
}
