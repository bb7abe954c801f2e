import { createHash } from 'node:crypto';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { startEndpoint } from '../../../local-aws/endpoint';
import { Wafv2 } from '../../../local-aws/wafv2';
import { VirtualClock } from '../../virtual-account/virtual-clock';
import type { Observation } from '../observer';
import { TWIN_TYPE } from '../request';
import { bundledHandler } from './bundled-handler';
import { recordedStack } from './recorded-stack';
import type { StoredRecording } from './stored-recording';
import { Timeline } from './timeline';

/** What the handler did with a recorded request. */
export interface ReplayedRequest {
  readonly observation: Observation;
  /** The physical id that it carried, as the handler knows it. */
  givenId?: string;
  status?: string;
  id?: string;
  reason?: string;
}

/** The stack at rest: after an operation, and long enough after that everything has come to its end. */
export interface Rest {
  /** What DescribeStacks said. */
  readonly stackStatus: string;
  readonly requests: readonly ReplayedRequest[];
  /** The handler's ids of the twins that the record shows, by logical id. */
  readonly ids: Readonly<Record<string, string>>;
  /** SHA-256 of each key that exists. */
  readonly liveKeys: readonly string[];
  /** SHA-256 of each key that was created elsewhere. */
  readonly foreignKeys: readonly string[];
}

const MINUTE = 60_000;
const TIMEOUT = 15 * MINUTE;
const responsePath = '/response/';

/** Sends the requests of a recording to the handler, each at its time, and tells what there is at each rest. */
export async function replay(recording: StoredRecording): Promise<Rest[]> {
  const [first] = recording.requests;
  if (!first) throw new Error('expected a recording with requests, got none');
  const clock = new VirtualClock(first.receivedAt);
  const waf = new Wafv2({ clock, random: Math.random });
  const run = new Replay(recording, clock, waf);
  const endpoint = await startEndpoint({
    signed: { wafv2: waf.service, cloudformation: run.cloudFormation },
    unsigned: {
      [responsePath]: async ({ path, body }) => {
        run.respond(path.slice(responsePath.length), JSON.parse(body.toString('utf8')));
        return { status: 200 };
      },
    },
  });
  try {
    return await clock.run(run.run(endpoint.url));
  } finally {
    await endpoint.close();
  }
}

class Replay {
  private readonly timeline: Timeline;
  private readonly requests: ReplayedRequest[] = [];
  private readonly waiting = new Map<string, (response: HandlerResponse) => void>();
  private readonly foreign = new Map<string, string>();
  private readonly region: string;
  private readonly twins: ReadonlySet<string>;

  constructor(
    private readonly recording: StoredRecording,
    private readonly clock: VirtualClock,
    private readonly waf: Wafv2,
  ) {
    this.region = recording.stackId.split(':')[3] ?? '';
    const twins = recording.requests.filter(({ event }) => event.ResourceType === TWIN_TYPE);
    this.twins = new Set(twins.map(({ event }) => event.LogicalResourceId));
    this.timeline = new Timeline(() => clock.now(), recording.requests[0]?.receivedAt ?? 0);
  }

  get cloudFormation() {
    return recordedStack(this.recording, this.timeline, {
      idAt: (id, at) => this.idAt(id, at),
      textOf: text => [...this.foreign].reduce((rest, [name, key]) => rest.replaceAll(name, key), text),
      typeOf: type => (type === TWIN_TYPE ? 'Custom::WafCaptchaApiKey' : type),
    });
  }

  async run(url: string): Promise<Rest[]> {
    const handler = bundledHandler(this.clock, {
      AWS_REGION: this.region,
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
      AWS_SESSION_TOKEN: 'example',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    });
    const rests: Rest[] = [];
    for (const { from, to, requests } of operationsOf(this.recording, this.twins)) {
      const resume = this.timeline.holdAt(to);
      const runs: Promise<void>[] = [];
      for (const observation of requests) {
        await this.reach(observation.receivedAt);
        runs.push(this.send(observation, handler, url));
      }
      // a handler that throws has its invocation repeated by Lambda, which is another story
      await Promise.allSettled(runs);
      await this.reach(to);
      await this.clock.sleep(10 * MINUTE);
      rests.push(this.rest(from, to));
      resume();
    }
    return rests;
  }

  respond(requestId: string, response: HandlerResponse): void {
    this.waiting.get(requestId)?.(response);
  }

  /** Waits until the replay has come to this time of the recording. */
  private async reach(recorded: number): Promise<void> {
    while (this.timeline.recordedNow() < recorded) await this.clock.sleep(100);
  }

  private async send(
    observation: Observation,
    handler: (event: CloudFormationCustomResourceEvent, context: Context) => Promise<void>,
    url: string,
  ): Promise<void> {
    const { event, receivedAt } = observation;
    const request: ReplayedRequest = { observation };
    this.requests.push(request);
    const held = Number(event.ResourceProperties?.HoldSeconds ?? 1) * 1000;
    // until it has responded, the record shows what it showed until the twin did
    const release = this.timeline.holdAt(receivedAt + held - 1);
    this.waiting.set(event.RequestId, ({ Status, PhysicalResourceId, Reason }) => {
      request.status = Status;
      request.reason = Reason;
      request.id = PhysicalResourceId;
      release();
    });
    const deadline = this.clock.now() + TIMEOUT;
    const context = { getRemainingTimeInMillis: () => deadline - this.clock.now() };
    const replayed = this.eventFor(observation, url);
    if (replayed.RequestType !== 'Create') request.givenId = replayed.PhysicalResourceId;
    await handler(replayed, context).finally(release);
  }

  private eventFor({ event, receivedAt }: Observation, url: string): CloudFormationCustomResourceEvent {
    const { search } = new URL(event.ResponseURL);
    const common = {
      ResponseURL: `${url}${responsePath}${event.RequestId}${this.atReplay(search, receivedAt)}`,
      ResourceType: 'Custom::WafCaptchaApiKey',
      ResourceProperties: this.propertiesFor(event.ResourceProperties),
    };
    if (event.RequestType === 'Create') return { ...event, ...common };
    const PhysicalResourceId = this.idAt(event.PhysicalResourceId, receivedAt) ?? event.PhysicalResourceId;
    if (event.RequestType === 'Delete') return { ...event, ...common, PhysicalResourceId };
    const OldResourceProperties = this.propertiesFor(event.OldResourceProperties);
    return { ...event, ...common, PhysicalResourceId, OldResourceProperties };
  }

  /** The date of a signature, in the time of the replay. It is cut to seconds: that of the request is not. */
  private atReplay(search: string, receivedAt: number): string {
    const offset = this.timeline.replayedAt(receivedAt) - receivedAt;
    return search.replace(/(X-Amz-Date=)(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, (_, name, ...parts) => {
      const [year, month, day, hour, minute, second] = parts;
      const signed = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) + offset;
      return name + new Date(signed).toISOString().replace(/[-:]|\.\d+/g, '');
    });
  }

  private propertiesFor(properties: CloudFormationCustomResourceEvent['ResourceProperties']) {
    const { ExistingApiKey, ...rest } = properties ?? {};
    if (ExistingApiKey === undefined) return rest;
    const scope = rest.Scope === 'CLOUDFRONT' ? 'CLOUDFRONT' : 'REGIONAL';
    const region = scope === 'CLOUDFRONT' ? 'us-east-1' : this.region;
    const known = this.foreign.get(ExistingApiKey);
    const apiKey = known ?? this.waf.createForeignKey(region, scope, rest.TokenDomains).apiKey;
    this.foreign.set(ExistingApiKey, apiKey);
    return { ...rest, ExistingApiKey: apiKey };
  }

  /** The handler's id for one of the twin's, as it was at that time of the recording. */
  private idAt(recordedId: string | undefined, at: number): string | undefined {
    const responses = this.requests.filter(
      ({ observation: { event, receivedAt, response }, id }) =>
        event.RequestType !== 'Delete' &&
        id !== undefined &&
        receivedAt <= at &&
        response.PhysicalResourceId === recordedId,
    );
    return responses.at(-1)?.id ?? recordedId;
  }

  private rest(from: number, to: number): Rest {
    const read = this.recording.readings.filter(({ at }) => at <= to);
    const stackStatus = read.filter(({ status }) => status).at(-1)?.status ?? '';
    const described = read.filter(one => one.described).at(-1);
    const isGone = stackStatus === 'gone' || stackStatus === 'DELETE_COMPLETE';
    const twins = isGone ? [] : Object.entries(described?.described ?? {});
    const ids = twins.flatMap(([logicalId, entry]) => {
      if (!this.twins.has(logicalId) || /^DELETE_(COMPLETE|SKIPPED)$/.test(entry?.ResourceStatus ?? ''))
        return [];
      const id = this.idAt(entry?.PhysicalResourceId, described?.at ?? 0);
      return id ? [[logicalId, id]] : [];
    });
    return {
      stackStatus,
      requests: this.requests.filter(({ observation: { receivedAt } }) => receivedAt >= from),
      ids: Object.fromEntries(ids),
      liveKeys: this.waf.keys().map(({ apiKey }) => sha256(apiKey)),
      foreignKeys: [...this.foreign.values()].map(sha256),
    };
  }
}

type Context = { getRemainingTimeInMillis(): number };

interface HandlerResponse {
  readonly Status: string;
  readonly PhysicalResourceId: string;
  readonly Reason?: string;
}

interface Operation {
  readonly from: number;
  /** The last time before the next one. */
  readonly to: number;
  readonly requests: readonly Observation[];
}

/** A recording, cut where its stack was at rest. */
function operationsOf(
  { stackId, events, requests }: StoredRecording,
  twins: ReadonlySet<string>,
): Operation[] {
  const own = events.filter(({ event }) => event.PhysicalResourceId === stackId);
  const begins = own
    .filter(({ event }, index) => {
      const before = own[index - 1]?.event.ResourceStatus ?? 'COMPLETE';
      return /_IN_PROGRESS$/.test(event.ResourceStatus ?? '') && !/IN_PROGRESS$/.test(before);
    })
    .map(({ event }) => Date.parse(event.Timestamp ?? ''));
  const last =
    Math.max(...events.map(({ seenAt }) => seenAt), ...requests.map(one => one.receivedAt)) + MINUTE;
  return begins.map((from, index) => {
    const to = (begins[index + 1] ?? last) - 1;
    const within = requests.filter(({ receivedAt }) => receivedAt >= from && receivedAt <= to);
    return { from, to, requests: within.filter(({ event }) => twins.has(event.LogicalResourceId)) };
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
