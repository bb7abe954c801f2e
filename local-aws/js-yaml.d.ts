// js-yaml 3 comes without types; this is all that is used of it
declare module 'js-yaml' {
  export const JSON_SCHEMA: object;
  export function load(text: string, options: { readonly schema: object }): unknown;
}
