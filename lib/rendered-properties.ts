import type { CfnResource } from 'aws-cdk-lib';

/** A resource's properties as the template will have them, overrides included. */
export function renderedProperties(resource: CfnResource): Record<string, unknown> {
  const template: unknown = resource.stack.resolve(rendered(resource));
  const resources =
    isRecord(template) && isRecord(template.Resources) ? Object.values(template.Resources) : [];
  const [entry] = resources;
  return isRecord(entry) && isRecord(entry.Properties) ? entry.Properties : {};
}

/** A resource's part of the template, with tokens. */
export function rendered(resource: CfnResource): unknown {
  const render: unknown = Reflect.get(resource, '_toCloudFormation');
  return typeof render === 'function' ? render.call(resource) : {};
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
