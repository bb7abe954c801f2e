import { ANY_STACK_PREFIX } from './names';
import type { Scenario } from './trial';

/** What a run on AWS does, takes and costs: for the question before it, and for `--plan`. */
export function planFor(
  scenarios: readonly Scenario[],
  region = 'the Region that you choose with --region',
): string {
  const stacks = scenarios.reduce((sum, { stacks: count }) => sum + count, 1);
  return [
    `On AWS in ${region}, with the credentials that the AWS SDK and the CDK CLI find, this`,
    `- deploys ${stacks} stacks named ${ANY_STACK_PREFIX}…, four scenarios at a time, and destroys them:`,
    ...scenarios.map(({ name, title, stacks: count }) => `    ${name}: ${title} (${stackCount(count)})`),
    '- creates in each stack one function, its role and its log group, and one more function that writes down what',
    '  custom resources receive, as objects below conformance/ in the bucket of `cdk bootstrap`, deleted at the end',
    '- creates some 50 CAPTCHA API keys of both scopes, about a dozen at a time, CLOUDFRONT ones in us-east-1, all for',
    '  domains below a label of its own under example.com, and deletes them; no other key is touched',
    '- lists the keys of the account, to find its own',
    'It takes 20 to 40 minutes and costs some US cents at most: Lambda, S3 and CloudWatch Logs. WAF charges for CAPTCHA',
    'attempts, not for keys, and a key of this run shows no CAPTCHA to anybody.',
    'The Region has to be bootstrapped for the CDK with the default qualifier. A run that is broken off leaves stacks and',
    'keys behind: `npm run conformance -- --on aws --sweep` deletes them.',
  ].join('\n');
}

function stackCount(count: number): string {
  return count === 1 ? 'one stack' : `${count || 'no'} stacks`;
}
