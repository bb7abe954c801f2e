import { AwsError } from '../../local-aws/aws-error';
import type { Engine } from '../../local-aws/cloudformation';
import { eventDescription } from '../../local-aws/cloudformation/descriptions';
import { Form, queryService } from '../../local-aws/cloudformation/query-protocol';
import type { StackEvent } from '../../local-aws/cloudformation/stack';
import type { Service, ServiceRequest } from '../../local-aws/service';
import type { Conditions } from './history';

// small pages, because most readers want the newest few: AWS gives a hundred, and its XML takes long to parse
const PER_PAGE = 8;

type EventConditions = Pick<Conditions, 'eventsLagMs' | 'eventsHideRotation'>;

/** DescribeStackEvents as local AWS has it, but for what shows up late or hidden. In JSON for who takes that. */
export function eventsApi(
  engine: Engine,
  now: () => number,
  { eventsLagMs, eventsHideRotation }: EventConditions,
): Service {
  const shown = eventsHideRotation ? withHiddenRotation : (event: StackEvent) => event;
  const page = (form: Form, region: string) => pageOf(engine, form, region, now() - eventsLagMs, shown);
  const action = (form: Form, { region }: ServiceRequest) => page(form, region);
  const namespace = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';
  const inXml = queryService(namespace, new Map([['DescribeStackEvents', action]]));
  return async request => {
    if (request.headers.accept !== 'application/json') return inXml(request);
    const form = new Form(new URLSearchParams(request.body.toString()));
    return { status: 200, body: JSON.stringify(page(form, request.region)) };
  };
}

function withHiddenRotation(event: StackEvent): StackEvent {
  return { ...event, properties: event.properties?.replace(/"Rotation":"[^"]*"/, '"Rotation":"****"') };
}

function pageOf(
  engine: Engine,
  form: Form,
  region: string,
  horizon: number,
  shown: (event: StackEvent) => StackEvent,
) {
  const stack = engine.find(region, form.required('StackName'));
  if (!stack) throw new AwsError('ValidationError', 'expected a stack, got none of that name');
  const { events } = stack;
  // counted from the oldest event on, so that new events do not shift the pages
  const given = form.optional('NextToken');
  const end =
    given === undefined ? events.filter(({ timestamp }) => timestamp <= horizon).length : Number(given);
  const start = Math.max(0, end - PER_PAGE);
  const page = events.slice(start, end).reverse();
  return {
    StackEvents: page.map(event => eventDescription(stack, shown(event))),
    NextToken: start > 0 ? String(start) : undefined,
  };
}
