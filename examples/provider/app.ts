import { App } from 'aws-cdk-lib';
import { InVpcStack } from './in-vpc';

// npx cdk deploy --app 'npx tsx examples/provider/app.ts'
const app = new App();
new InVpcStack(app, 'CaptchaKeyInVpc');
