import { ScriptedAccount } from './scripted-account';

/** An account with the means to call its API as an SDK does: a form in, XML out. */
export class ApiAccount extends ScriptedAccount {
  async call(
    Action: string,
    parameters: Readonly<Record<string, string>> = {},
    region = 'eu-west-1',
  ): Promise<Xml> {
    const { status, body = '' } = await this.cloudFormation.service({
      service: 'cloudformation',
      region,
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.from(new URLSearchParams({ Action, Version: '2010-05-15', ...parameters }).toString()),
    });
    return new Xml(status, String(body));
  }

  async settleAll(): Promise<void> {
    for (const stack of this.cloudFormation.engine.stacks) await this.settle(stack);
  }
}

/** An answer of the API. */
class Xml {
  constructor(
    readonly status: number,
    readonly text: string,
  ) {}

  all(tag: string): string[] {
    return [...this.text.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, 'g'))].map(
      ([, inner = '']) => inner,
    );
  }

  first(tag: string): string {
    return this.all(tag)[0] ?? '';
  }

  /** Status, code and message of an error. */
  get error(): [number, string, string] {
    return [this.status, this.first('Code'), this.first('Message')];
  }
}
