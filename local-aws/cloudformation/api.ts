import { AwsError } from '../aws-error';
import type { Service, ServiceRequest } from '../service';
import type { ChangeSet, ChangeSets } from './change-sets';
import { changeSetDescription } from './descriptions';
import type { DeploymentInput, Engine } from './engine';
import { type Action, type Form, queryService } from './query-protocol';
import { type ReadInput, type RecordReadsOptions, recordReads } from './record-reads';
import type { Stack } from './stack';

/** The content of a template in S3. */
export type ReadObject = (bucket: string, key: string) => Uint8Array | Promise<Uint8Array>;

export interface ApiOptions extends RecordReadsOptions {
  readonly engine: Engine;
  readonly changeSets: ChangeSets;
  readonly readObject: ReadObject;
}

/** CloudFormation's API as far as the CDK CLI and a stack's own resources use it. */
export function cloudFormationApi(options: ApiOptions): Service {
  const { actions } = new Api(options);
  for (const [operation, read] of Object.entries(recordReads(options)))
    actions.set(operation, (form, { region }) => read(region, readInput(form)));
  return queryService('http://cloudformation.amazonaws.com/doc/2010-05-15/', actions);
}

class Api {
  readonly actions = new Map<string, Action>([
    ['CreateStack', (form, request) => this.createStack(form, request)],
    ['UpdateStack', (form, request) => this.updateStack(form, request)],
    ['CancelUpdateStack', (form, request) => this.cancelUpdate(form, request)],
    ['ContinueUpdateRollback', (form, request) => this.continueRollback(form, request)],
    ['RollbackStack', (form, request) => this.rollBack(form, request)],
    ['DeleteStack', (form, request) => this.deleteStack(form, request)],
    ['GetTemplate', (form, request) => this.getTemplate(form, request)],
    ['CreateChangeSet', (form, request) => this.createChangeSet(form, request)],
    ['DescribeChangeSet', (form, request) => this.describeChangeSet(form, request)],
    ['ExecuteChangeSet', (form, request) => this.executeChangeSet(form, request)],
    ['DeleteChangeSet', (form, request) => this.deleteChangeSet(form, request)],
  ]);

  private readonly engine: Engine;
  private readonly changeSets: ChangeSets;

  constructor(private readonly options: ApiOptions) {
    this.engine = options.engine;
    this.changeSets = options.changeSets;
  }

  private async createStack(form: Form, { region }: ServiceRequest) {
    form.refuse('OnFailure', 'ROLLBACK');
    const input = await this.deploymentInput(form);
    const stack = this.engine.addStack(region, form.required('StackName'));
    this.undoing(stack, () => this.engine.create(stack, input));
    return { StackId: stack.id };
  }

  /** A stack whose template is refused must not stay behind. */
  private undoing<T>(stack: Stack, start: () => T): T {
    try {
      return start();
    } catch (error) {
      this.engine.delete(stack);
      throw error;
    }
  }

  private async updateStack(form: Form, request: ServiceRequest) {
    const stack = this.stack(form, request);
    this.engine.update(stack, await this.deploymentInput(form, stack));
    return { StackId: stack.id };
  }

  private cancelUpdate(form: Form, request: ServiceRequest) {
    this.engine.cancelUpdate(this.stack(form, request));
    return {};
  }

  private continueRollback(form: Form, request: ServiceRequest) {
    form.refuse('ForceRollback', 'false');
    const skip = form.texts('ResourcesToSkip');
    const clientRequestToken = form.optional('ClientRequestToken');
    this.engine.continueRollback(this.stack(form, request), { skip, clientRequestToken });
    return {};
  }

  private rollBack(form: Form, request: ServiceRequest) {
    const stack = this.stack(form, request);
    const retainExceptOnCreate = form.optional('RetainExceptOnCreate') === 'true';
    const clientRequestToken = form.optional('ClientRequestToken');
    this.engine.rollBack(stack, { retainExceptOnCreate, clientRequestToken });
    return { StackId: stack.id };
  }

  private deleteStack(form: Form, { region }: ServiceRequest) {
    form.refuse('DeletionMode', 'STANDARD');
    const stack = this.engine.find(region, form.required('StackName'));
    const retain = form.texts('RetainResources');
    if (stack) this.engine.delete(stack, { retain, clientRequestToken: form.optional('ClientRequestToken') });
    return {};
  }

  private getTemplate(form: Form, request: ServiceRequest) {
    const { deployment } = this.stack(form, request);
    return { TemplateBody: deployment?.template.text ?? '{}', StagesAvailable: ['Original', 'Processed'] };
  }

  private async createChangeSet(form: Form, request: ServiceRequest) {
    form.refuse('ResourcesToImport');
    form.refuse('DeploymentMode');
    const type = form.optional('ChangeSetType') ?? 'UPDATE';
    if (type !== 'CREATE' && type !== 'UPDATE') form.refuse('ChangeSetType');
    const name = form.required('StackName');
    const found = this.engine.find(request.region, name);
    if (type === 'CREATE' && found && found.status !== 'REVIEW_IN_PROGRESS') {
      throw invalid(
        `Stack [${name}] already exists and cannot be created again with the changeSet [${type}].`,
      );
    }
    const previous = type === 'CREATE' ? found : this.stack(form, request);
    const input = await this.deploymentInput(form, previous);
    const stack = previous ?? this.reviewed(request.region, name);
    const make = () =>
      this.changeSets.create(
        stack,
        type,
        form.required('ChangeSetName'),
        form.optional('Description'),
        input,
      );
    const changeSet = previous ? make() : this.undoing(stack, make);
    return { Id: changeSet.id, StackId: stack.id };
  }

  private reviewed(region: string, name: string): Stack {
    const stack = this.engine.addStack(region, name);
    stack.begin('REVIEW_IN_PROGRESS');
    return stack;
  }

  private describeChangeSet(form: Form, request: ServiceRequest) {
    return changeSetDescription(this.changeSet(form, request));
  }

  private executeChangeSet(form: Form, request: ServiceRequest) {
    this.changeSets.execute(this.changeSet(form, request), {
      clientRequestToken: form.optional('ClientRequestToken'),
      disableRollback: form.optional('DisableRollback') === 'true',
    });
    return {};
  }

  private deleteChangeSet(form: Form, request: ServiceRequest) {
    const changeSet = this.findChangeSet(form, request);
    if (changeSet) this.changeSets.delete(changeSet);
    return {};
  }

  private changeSet(form: Form, request: ServiceRequest): ChangeSet {
    const changeSet = this.findChangeSet(form, request);
    if (changeSet) return changeSet;
    throw new AwsError(
      'ChangeSetNotFound',
      `ChangeSet [${form.required('ChangeSetName')}] does not exist`,
      404,
    );
  }

  private findChangeSet(form: Form, request: ServiceRequest): ChangeSet | undefined {
    const name = form.required('ChangeSetName');
    return name.startsWith('arn:')
      ? this.changeSets.byId(name)
      : this.changeSets.find(this.stack(form, request), name);
  }

  private stack(form: Form, { region }: ServiceRequest): Stack {
    const name = form.required('StackName');
    const stack = this.engine.find(region, name);
    if (stack) return stack;
    throw invalid(`Stack with id ${name} does not exist`);
  }

  private async deploymentInput(form: Form, previous?: Stack): Promise<DeploymentInput> {
    const onFailure = form.optional('OnStackFailure');
    if (onFailure !== 'DO_NOTHING') form.refuse('OnStackFailure', 'ROLLBACK');
    form.refuse('RollbackConfiguration');
    form.refuse('StackPolicyBody');
    form.refuse('EnableTerminationProtection', 'false');
    form.refuse('DeploymentConfig.Mode', 'STANDARD');
    const url = form.optional('TemplateURL');
    const isPrevious = form.optional('UsePreviousTemplate') === 'true';
    const body = isPrevious ? previous?.deployment?.template.text : form.optional('TemplateBody');
    const template = url === undefined ? body : await this.readTemplate(url);
    if (template === undefined) throw invalid('expected a TemplateBody or a TemplateURL, got neither');
    return {
      template,
      parameters: new Map(form.structures('Parameters').map(one => parameter(one, previous))),
      tags: new Map(form.structures('Tags').map(one => [one.required('Key'), one.optional('Value') ?? ''])),
      clientRequestToken: form.optional('ClientRequestToken'),
      disableRollback: form.optional('DisableRollback') === 'true' || onFailure === 'DO_NOTHING',
    };
  }

  private async readTemplate(url: string): Promise<string> {
    const { hostname, pathname } = new URL(url);
    const [, first = '', rest = ''] = /^\/([^/]*)\/?(.*)$/s.exec(decodeURIComponent(pathname)) ?? [];
    const bucketOfHost = /^(.+)\.s3[.-]/.exec(hostname)?.[1];
    const [bucket, key] = bucketOfHost
      ? [bucketOfHost, decodeURIComponent(pathname).slice(1)]
      : [first, rest];
    return Buffer.from(await this.options.readObject(bucket, key)).toString('utf8');
  }
}

function readInput(form: Form): ReadInput {
  return {
    StackName: form.optional('StackName'),
    LogicalResourceId: form.optional('LogicalResourceId'),
    NextToken: form.optional('NextToken'),
  };
}

function parameter(form: Form, previous: Stack | undefined): [string, string] {
  const key = form.required('ParameterKey');
  if (form.optional('UsePreviousValue') !== 'true') return [key, form.optional('ParameterValue') ?? ''];
  const value = previous?.deployment?.given.get(key);
  if (value === undefined) throw invalid(`Invalid input for parameter key ${key}: it has no previous value`);
  return [key, value];
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
