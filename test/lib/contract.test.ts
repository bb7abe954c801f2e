import { CfnOutput, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import contract from './fixtures/contract-0.1.0.json';
import { addKey, newStack, resourcesOf } from './synthesize';

const ADVICE = `
This change breaks deployed stacks: they hold the names and values of 0.1.0 that differ below.

  provider    another logical id of the function is another service token, which CloudFormation refuses to change;
              another id or type of the rest is a resource made anew beside the old one
  key         CloudFormation compares all of it at each deployment: a difference touches every key there is,
              and the handler must go on reading the old form
  attributes  templates refer to them by name

Undo it. If something was only added, and no deployed stack would see it, add it to the fixture.
`;

test('what deployed stacks contain stays as 0.1.0 generated it', () => {
  const stack = stackWithEveryProperty();

  try {
    expect(contractOf(stack)).toEqual(contract);
  } catch (error) {
    throw new Error(`${ADVICE}\n${error instanceof Error ? error.message : error}`);
  }
});

function stackWithEveryProperty(): Stack {
  const stack = newStack('eu-west-1');
  const key = addKey(stack, 'Key', {
    tokenDomains: ['example.com', 'shop.example.com'],
    rotation: '1',
    existingApiKey: 'some+key/=_0_1',
    keepPreviousKey: true,
  });
  const { apiKey, applicationIntegrationUrl, scriptUrl } = key;
  for (const [name, value] of Object.entries({ apiKey, applicationIntegrationUrl, scriptUrl })) {
    new CfnOutput(stack, name, { value });
  }
  return stack;
}

/** The provider's types by logical id, the key's entry in the template, and where its attributes are read from. */
function contractOf(stack: Stack) {
  const { Key961B73FD: key, ...provider } = resourcesOf(stack);
  const outputs: Record<string, { Value: unknown }> = Template.fromStack(stack).toJSON().Outputs;
  return {
    provider: Object.fromEntries(Object.entries(provider).map(([id, { Type }]) => [id, Type])),
    key: { Key961B73FD: key },
    attributes: Object.fromEntries(Object.entries(outputs).map(([name, { Value }]) => [name, Value])),
  };
}
