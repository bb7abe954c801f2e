import { App, type Stack } from 'aws-cdk-lib';
import { FormerStack, NewStack } from '../../examples/day-two/moved-key';
import { RenamedConstructStack } from '../../examples/day-two/renamed-construct';
import { RenamedResourceStack } from '../../examples/day-two/renamed-resource';
import { ExistingKeyStack } from '../../examples/recipes/existing-key';
import { BeforeStack, OwnRoleStack } from './day-two-stacks';
import type { AppRequest } from './key-account';

/** What the app is to build: a stack of an example, with its props. */
export interface ExampleRequest extends AppRequest {
  readonly stackName: string;
  readonly example: keyof typeof EXAMPLES;
  readonly existingApiKey?: string;
  readonly keyHasMoved?: boolean;
}

const EXAMPLES = {
  BeforeStack,
  ExistingKeyStack,
  FormerStack,
  NewStack,
  OwnRoleStack,
  RenamedConstructStack,
  RenamedResourceStack,
} satisfies Record<string, new (scope: App, id: string, props: ExampleRequest) => Stack>;

const app = new App();
const request = JSON.parse(app.node.getContext('request')) as ExampleRequest;
const { stackName, example, ...props } = request;
new EXAMPLES[example](app, stackName, props);
