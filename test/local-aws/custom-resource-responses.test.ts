import { CustomResourceResponses, responsePath } from '../../local-aws/custom-resource-responses';
import { failed, hanging } from '../../local-aws/faults';
import { ManualClock } from './manual-clock';

function setUp() {
  const clock = new ManualClock();
  const accepted: string[] = [];
  const responses = new CustomResourceResponses(clock, (token, body) => accepted.push(`${token}: ${body}`));
  const date = new Date(clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
  const send = async (
    changes: { method?: string; query?: string; headers?: Record<string, string> } = {},
  ) => {
    const {
      method = 'PUT',
      query = `X-Amz-Date=${date}&X-Amz-Expires=7200`,
      headers = { 'content-length': '2' },
    } = changes;
    const unsigned = { service: '', region: '', path: `${responsePath}token`, body: Buffer.from('{}') };
    return responses.service({ ...unsigned, method, query: new URLSearchParams(query), headers });
  };
  return { clock, accepted, responses, send };
}

test('passes an answer on with its token', async () => {
  const { accepted, send } = setUp();
  expect(await send()).toEqual({ status: 200 });
  expect(accepted).toEqual(['token: {}']);
});

test('takes an answer for two hours', async () => {
  const { clock, accepted, send } = setUp();
  clock.advance(7_200_000);
  expect(await send()).toMatchObject({ status: 200 });
  clock.advance(1);
  expect(await send()).toMatchObject({ status: 403, body: expect.stringContaining('Request has expired') });
  expect(accepted).toHaveLength(1);
});

test.each([
  ['an unsigned URL', { query: '' }, 403],
  ['another method', { method: 'POST' }, 405],
  ['a body of unknown length', { headers: {} }, 501],
])('refuses %s', async (_, changes, status) => {
  const { accepted, send } = setUp();
  expect(await send(changes)).toMatchObject({ status });
  expect(accepted).toEqual([]);
});

test('fails and hangs on demand', async () => {
  const { accepted, responses, send } = setUp();
  responses.faults.next('PUT', failed(503, 'SlowDown', 'before'));
  responses.faults.next('PUT', hanging('before'));
  expect(await send()).toMatchObject({ status: 503 });
  await expect(send()).rejects.toMatchObject({ name: 'ConnectionFault', kind: 'hang' });
  expect(accepted).toEqual([]);
});
