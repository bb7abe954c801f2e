import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App, AppProps } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';

process.env.CDK_VALIDATION = 'false';
const mockFolder = mkdtempSync(join(tmpdir(), 'test-examples-'));
afterAll(() => rmSync(mockFolder, { recursive: true }));

// an example makes its own App, as a user's would; this is how to get at it
const mockApps: App[] = [];
jest.mock('aws-cdk-lib', () => {
  const cdk = jest.requireActual<typeof import('aws-cdk-lib')>('aws-cdk-lib');
  class ObservedApp extends cdk.App {
    constructor(props?: AppProps) {
      super({ ...props, outdir: mockFolder });
      mockApps.push(this);
    }
  }
  return new Proxy(cdk, {
    get: (target, name) => (name === 'App' ? ObservedApp : Reflect.get(target, name)),
  });
});

beforeAll(() => {
  require('../../examples/minimal/app');
});

function theApp(): App {
  const [app, ...more] = mockApps;
  if (app === undefined || more.length > 0) throw new Error(`expected one App, got ${mockApps.length}`);
  return app;
}

test('cdk-nag’s pack AwsSolutions finds nothing', () => {
  expect(new AwsSolutionsChecks().validateScope(theApp()).violations).toEqual([]);
});

test('its outputs are the two values that a page needs', () => {
  const { Outputs } = theApp().synth().getStackByName('CaptchaKeyStack').template;

  expect(Outputs).toEqual({
    APIKey: { Value: { 'Fn::GetAtt': ['CaptchaKeyDB65507E', 'APIKey'] } },
    ScriptUrl: { Value: { 'Fn::GetAtt': ['CaptchaKeyDB65507E', 'ScriptURL'] } },
  });
});
