import { AwsError, escapeXml, queryError, xml } from '../aws-error';
import type { Service, ServiceRequest } from '../service';

/** What an answer may hold; `undefined` members are left out, dates become ISO timestamps. */
export type Answer =
  | string
  | number
  | boolean
  | Date
  | undefined
  | readonly Answer[]
  | { readonly [key: string]: Answer };

export type Action = (form: Form, request: ServiceRequest) => Promise<Answer> | Answer;

/** An awsQuery service; actions that it does not have are refused by name. */
export function queryService(namespace: string, actions: ReadonlyMap<string, Action>): Service {
  return async request => {
    const form = new Form(new URLSearchParams(request.body.toString('utf8')));
    const name = form.optional('Action') ?? '(no Action)';
    try {
      const action = actions.get(name);
      if (!action)
        throw new AwsError('InvalidAction', `local aws does not imitate ${request.service} ${name}`);
      const result = `<${name}Result>${toXml(await action(form, request))}</${name}Result>`;
      const metadata = '<ResponseMetadata><RequestId>local</RequestId></ResponseMetadata>';
      return xml(200, `<${name}Response xmlns="${namespace}">${result}${metadata}</${name}Response>`);
    } catch (error) {
      if (error instanceof AwsError) return queryError(error);
      throw error;
    }
  };
}

/** The parameters of an awsQuery request. */
export class Form {
  constructor(private readonly parameters: URLSearchParams) {}

  required(name: string): string {
    const value = this.parameters.get(name);
    if (value) return value;
    throw new AwsError('ValidationError', `expected the parameter ${name}, got none`);
  }

  optional(name: string): string | undefined {
    return this.parameters.get(name) ?? undefined;
  }

  /** A list of strings. */
  texts(name: string): string[] {
    return this.numbered(`${name}.member.`).map(prefix => this.required(prefix));
  }

  /** A list of structures. */
  structures(name: string): Form[] {
    return this.numbered(`${name}.member.`).map(prefix => {
      const members = [...this.parameters].filter(([key]) => key.startsWith(`${prefix}.`));
      const names = members.map(([key, value]): [string, string] => [key.slice(prefix.length + 1), value]);
      return new Form(new URLSearchParams(names));
    });
  }

  /** Refuses a parameter whose effect is not imitated, unless it has the value that asks for nothing. */
  refuse(name: string, harmless?: string): void {
    const given = [...this.parameters].find(([key]) => key === name || key.startsWith(`${name}.`));
    if (!given || given[1] === harmless || given[1] === '') return;
    throw new AwsError('ValidationError', `local aws does not imitate the parameter ${given[0]}=${given[1]}`);
  }

  private numbered(prefix: string): string[] {
    const keys = [...this.parameters.keys()].filter(key => key.startsWith(prefix));
    return [...new Set(keys.map(key => prefix + key.slice(prefix.length).split('.')[0]))];
  }
}

function toXml(answer: Answer): string {
  if (answer === undefined) return '';
  if (answer instanceof Date) return answer.toISOString();
  if (isList(answer)) return answer.map(item => `<member>${toXml(item)}</member>`).join('');
  if (typeof answer !== 'object') return escapeXml(String(answer)).replaceAll('\r', '&#xD;');
  const members = Object.entries(answer).filter(([, value]) => value !== undefined);
  return members.map(([name, value]) => `<${name}>${toXml(value)}</${name}>`).join('');
}

function isList(answer: Answer): answer is readonly Answer[] {
  return Array.isArray(answer);
}
