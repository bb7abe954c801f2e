import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Answer } from '../../lambda/answer';
import { customResource } from '../../lambda/custom-resource';
import type { LifecycleEvent, Outcome } from '../../lambda/lifecycle-event';
import { failed, hanging } from '../../local-aws/faults';
import { VirtualClock } from '../virtual-clock';
import { Account, stackEvent } from './environment';
import { createEvent, deleteEvent, properties, updateEvent } from './event';

const URL_OF_NOON =
  'https://cloudformation.example/response?X-Amz-Date=20260131T120000Z&X-Amz-Signature=secret';

describe('an answer', () => {
  test('repeats the names of its request to the letter', async () => {
    const event = createEvent();

    const answer = await new Account().environment().invoke(event);

    expect(answer).toMatchObject({
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
    });
  });

  test('is the same when the event comes again, and no second key is made', async () => {
    const account = new Account();
    const environment = account.environment();
    const event = createEvent();

    const first = await environment.invoke(event);
    const second = await environment.invoke(event);

    expect(second).toEqual(first);
    expect(account.answers).toHaveLength(2);
    expect(account.waf.keys()).toHaveLength(1);
  });

  test('that never got through makes the invocation fail, and its repetition delivers the same one', async () => {
    const account = new Account();
    const environment = account.environment();
    const event = createEvent();
    const { put } = account;
    account.put = async () => 503;
    await expect(environment.invoke(event)).rejects.toThrow('got HTTP status 503');
    account.put = put;

    const answer = await environment.invoke(event);

    expect(answer.Status).toBe('SUCCESS');
    expect(account.waf.keys().map(({ apiKey }) => apiKey)).toEqual([answer.Data?.APIKey]);
  });

  test('that is refused for good undoes the new key', async () => {
    const account = new Account();
    account.put = async () => 403;

    await expect(account.environment().invoke(createEvent())).rejects.toThrow('expected an answer, got none');

    expect(account.waf.keys()).toEqual([]);
    expect(account.calls()).toContain('DeleteAPIKey ok');
  });

  test('that is refused for good leaves a kept key alone', async () => {
    const account = new Account();
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent());
    account.put = async () => 403;

    await account.environment().invoke(updateEvent(id, properties(), properties()));

    expect(account.waf.keys()).toHaveLength(1);
  });
});

test('the answers of the last thousand events are remembered, and no more', async () => {
  const made: string[] = [];
  const { invoke } = handlerThat(async event => {
    made.push(event.requestId);
    return { physicalResourceId: 'id' };
  });
  const events = Array.from({ length: 1001 }, (_, index) =>
    createEvent(properties(), { RequestId: `r${index}` }),
  );
  for (const event of events) await invoke(event, 60_000);

  for (const event of events.slice(1)) await invoke(event, 60_000);
  expect(made).toHaveLength(1001);

  for (const event of events.slice(0, 1)) await invoke(event, 60_000);
  expect(made).toHaveLength(1002);
});

test('a fault after the answer is logged with the id, and does not bring the event again', async () => {
  const fault = async () => {
    throw new Error('fault');
  };
  const outcome: Outcome = { physicalResourceId: 'id', onDelivered: fault, onRefused: fault };
  const taken = handlerThat(async () => outcome);
  const refused = handlerThat(async () => outcome, new VirtualClock(), 403);

  await taken.invoke(createEvent(), 60_000);
  await refused.invoke(createEvent(), 60_000);

  const line = { message: 'could not follow up on the answer', id: 'id', error: 'Error: fault' };
  expect(taken.log.at(-1)).toEqual(line);
  expect(refused.log.at(-1)).toEqual(line);
});

test('an answer that is refused for good needs no work where nothing was made', async () => {
  const { invoke, log } = handlerThat(async () => ({ physicalResourceId: 'id' }), new VirtualClock(), 403);

  await invoke(createEvent(), 60_000);

  expect(log.at(-1)).toEqual({ message: 'answered', delivery: 'refused', status: 'SUCCESS', id: 'id' });
});

test('each step of an event is logged by name', async () => {
  const account = new Account();
  const event = createEvent();
  account.events = undefined;
  const { PhysicalResourceId: id } = await account.environment().invoke(event);
  await account.environment().invoke(updateEvent(id, properties(), properties()));
  await account.environment().invoke(deleteEvent(id));
  await account.environment().invoke(deleteEvent(id));
  await account.environment().invoke(createEvent(properties([])));
  await account.environment().invoke(deleteEvent('WafCaptchaApiKey/create-failed/request-0'));

  const names = { requestId: event.RequestId, stackId: event.StackId, logicalResourceId: 'CaptchaKey' };
  const lines = account.logLines.map(line => JSON.parse(line));
  expect(lines[0]).toEqual({ message: 'received', type: 'Create', ...names });
  expect(
    lines.map(({ message }) => message).filter(message => message !== 'received' && message !== 'answered'),
  ).toEqual([
    'made a key',
    'left the key to CloudFormation',
    'kept the key',
    'deleted the key',
    'the key is gone already',
    'failed',
    'nothing more to delete',
  ]);
  for (const message of [
    'made a key',
    'left the key to CloudFormation',
    'kept the key',
    'deleted the key',
    'the key is gone already',
  ]) {
    expect(lines.find(line => line.message === message)).toEqual({ message, id });
  }
  expect(lines.find(({ message }) => message === 'failed')).toEqual({
    message: 'failed',
    requestId: expect.stringMatching(/^request-/),
    reason: 'TokenDomains: expected 1 to 5 different domains, got 0',
  });
});

describe('a request', () => {
  test('that CloudFormation has given up on makes no key', async () => {
    const account = new Account();
    const url = URL_OF_NOON.replace('T120000Z', 'T105959Z');

    const answer = await account.environment().invoke(createEvent(properties(), { ResponseURL: url }));

    expect(answer.Status).toBe('FAILED');
    expect(account.calls()).toEqual([]);
  });

  test('that is late, but still waited for, makes its key', async () => {
    const account = new Account();
    const url = URL_OF_NOON.replace('T120000Z', 'T111000Z');
    account.events = [stackEvent('CREATE_IN_PROGRESS', { at: Date.UTC(2026, 0, 31, 11, 10) })];

    const answer = await account.environment().invoke(createEvent(properties(), { ResponseURL: url }));

    expect(answer.Status).toBe('SUCCESS');
  });

  test('of unknown age is served', async () => {
    const event = createEvent(properties(), { ResponseURL: 'https://cloudformation.example/response' });

    const answer = await new Account().environment().invoke(event);

    expect(answer.Status).toBe('SUCCESS');
  });

  test('to delete is served however late it comes', async () => {
    const account = new Account();
    const { PhysicalResourceId: id } = await account.environment().invoke(createEvent());
    const url = URL_OF_NOON.replace('T120000Z', 'T000000Z');

    await account.environment().invoke(deleteEvent(id, properties(), { ResponseURL: url }));

    expect(account.waf.keys()).toEqual([]);
  });
});

describe('the deadline', () => {
  test('leads to an answer before it, when a call never ends', async () => {
    const account = new Account();
    account.waf.faults.next('ListAPIKeys', hanging('before'), 1000);
    const startedAt = account.clock.now();

    const answer = await account.environment().invoke(createEvent());

    expect(answer.Status).toBe('FAILED');
    expect(account.clock.now() - startedAt).toBeLessThan(900_000);
  });

  test('that is near at the start leads to an answer, and to no key', async () => {
    const account = new Account();

    const answer = await account.environment().invoke(createEvent(), 3000);

    expect(answer.Status).toBe('FAILED');
    expect(account.waf.keys()).toEqual([]);
  });

  test('cuts off work that does not end by itself, and aborts its signal', async () => {
    const { invoke, answers, signals } = handlerThat(() => new Promise<Outcome>(() => undefined));

    await invoke(createEvent(), 60_000);

    expect(answers).toMatchObject([{ Status: 'FAILED', Reason: 'the time was up before the work was done' }]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('is not waited for when the work is done', async () => {
    const clock = new VirtualClock();
    const { invoke } = handlerThat(async () => ({ physicalResourceId: 'id' }), clock);
    const startedAt = clock.now();

    await invoke(createEvent(), 60_000);

    expect(clock.now()).toBe(startedAt);
  });
});

test('the logs hold neither the response URL nor a whole key, in success and in failure', async () => {
  const account = new Account();
  const environment = account.environment();
  const { PhysicalResourceId: id } = await environment.invoke(createEvent());
  const apiKey = account.waf.keys()[0]?.apiKey ?? '';
  account.waf.faults.next(
    'DeleteAPIKey',
    failed(400, 'WAFInvalidOperationException', 'before', `not ${apiKey}`),
  );

  const answer = await environment.invoke(deleteEvent(id));

  expect(answer.Reason).toMatch(/: not \[API key\], after 1 attempt$/);
  expect(account.logLines.length).toBeGreaterThan(4);
  expect(account.logLines.join()).not.toMatch(/https:|X-Amz|secret/);
  expect(account.logLines.join()).not.toContain(apiKey.slice(0, 100));
});

test('an event without an ARN for its stack is thrown back', async () => {
  const event = createEvent(properties(), { StackId: 'shop' });

  await expect(new Account().environment().invoke(event)).rejects.toThrow(
    'StackId: expected an ARN with a Region, got "shop"',
  );
});

/** The protocol around work of the test's own. */
function handlerThat(
  work: (event: LifecycleEvent) => Promise<Outcome>,
  clock = new VirtualClock(),
  status = 200,
) {
  const answers: Answer[] = [];
  const signals: AbortSignal[] = [];
  const log: object[] = [];
  const handler = customResource(
    {
      handle: (event, { signal }) => {
        signals.push(signal);
        return work(event);
      },
      idOnFailure: () => 'id',
    },
    {
      clock,
      log: (message, details) => log.push({ message, ...details }),
      put: async (_url, body) => {
        answers.push(JSON.parse(body.toString()));
        return status;
      },
    },
  );
  const invoke = (event: CloudFormationCustomResourceEvent, remainingMs: number) =>
    clock.run(handler(event, { getRemainingTimeInMillis: () => remainingMs }));
  return { invoke, answers, signals, log };
}
