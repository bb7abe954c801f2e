import type { Answer } from '../../lambda/answer';
import { xml } from '../../local-aws/aws-error';
import type { ServiceResponse } from '../../local-aws/service';

/** DescribeStackEvents of a stack that has taken the last answer, and nothing else. */
export function recordedEvents(answer: Answer | undefined): ServiceResponse {
  const fields = {
    StackId: answer?.StackId,
    StackName: 'bench',
    EventId: '1',
    LogicalResourceId: answer?.LogicalResourceId,
    PhysicalResourceId: answer?.PhysicalResourceId,
    ResourceType: 'Custom::WafCaptchaApiKey',
    ResourceStatus: 'CREATE_COMPLETE',
    Timestamp: new Date().toISOString(),
  };
  const member = Object.entries(fields).map(([name, value]) => `<${name}>${value ?? ''}</${name}>`);
  const events = `<StackEvents><member>${member.join('')}</member></StackEvents>`;
  const result = `<DescribeStackEventsResult>${events}</DescribeStackEventsResult>`;
  const namespace = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';
  return xml(
    200,
    `<DescribeStackEventsResponse xmlns="${namespace}">${result}</DescribeStackEventsResponse>`,
  );
}
