import { createHash } from 'node:crypto';
import { AwsError } from './aws-error';
import { invalid, type JsonInput, jsonService, requiredText } from './aws-json';
import type { Clock } from './clock';
import { ConnectionFault, Faults } from './faults';
import { Quota, type QuotaOptions } from './quota';
import type { Service, ServiceRequest } from './service';
import { checkedTokenDomains } from './waf-token-domains';

export type WafScope = 'CLOUDFRONT' | 'REGIONAL';

/** What AWS leaves open, and what a test may want otherwise. */
export interface Wafv2Options {
  readonly clock: Clock;
  readonly random: () => number;
  /** @default - 1 creation and 5 reads a second, in each Region */
  readonly quota?: QuotaOptions | 'unlimited';
  /** Length of a new key, at most 2048. @default 688 */
  readonly keyLength?: number;
  /** The most keys that a page of ListAPIKeys holds, whatever the caller's Limit. @default 100 */
  readonly pageSize?: number;
  /**
   * NextMarker of the last page: left out, an empty string, one that leads to an empty page, or the marker
   * of that page itself.
   * @default 'absent'
   */
  readonly lastMarker?: 'absent' | 'empty' | 'dangling' | 'repeated';
  /** For how long ListAPIKeys does not see a creation or a deletion. @default 0 */
  readonly listLagMs?: number;
  /** How answers give the domains back: their order and letter case are not documented. @default - as given */
  readonly answeredDomains?: (domains: readonly string[]) => readonly string[];
  /** The ApplicationIntegrationURL of a Region and scope. @default - one of the form that AWS's have */
  readonly integrationUrl?: (region: string, scope: WafScope) => string;
}

export interface WafCall {
  readonly operation: string;
  readonly region: string;
  readonly input: JsonInput;
  readonly at: number;
}

/** A call with its outcome: `ok`, an error code, `hang` or `cut`, and whether its effect has happened. */
export interface AnsweredWafCall extends WafCall {
  readonly outcome: string;
  readonly effect: boolean;
}

export interface WafKey {
  readonly region: string;
  readonly scope: WafScope;
  readonly apiKey: string;
  readonly tokenDomains: readonly string[];
  readonly createdAt: number;
}

interface StoredKey extends WafKey {
  readonly serial: number;
  deletedAt?: number;
}

/** The API keys of AWS WAFv2: one account, every Region. */
export class Wafv2 {
  /** What goes wrong, on demand. */
  readonly faults: Faults<WafCall>;
  /** Every call so far, in the order of their answers. */
  readonly calls: AnsweredWafCall[] = [];
  readonly service: Service;
  private readonly quota: Quota;
  private stored: StoredKey[] = [];
  private serial = 0;

  constructor(private readonly options: Wafv2Options) {
    const perSecond = { CreateAPIKey: 1, ListAPIKeys: 5 };
    const { clock, quota = { perSecond } } = options;
    this.faults = new Faults(clock);
    this.quota = new Quota(clock, quota === 'unlimited' ? { perSecond: {} } : quota);
    const operation = (name: string, effect: (region: string, input: JsonInput) => object) => ({
      [name]: (input: JsonInput, { region }: ServiceRequest) => this.answer(name, region, input, effect),
    });
    this.service = jsonService('AWSWAF_20190729', {
      ...operation('CreateAPIKey', (region, input) => this.create(region, input)),
      ...operation('DeleteAPIKey', (region, input) => this.delete(region, input)),
      ...operation('ListAPIKeys', (region, input) => this.list(region, input)),
    });
  }

  /** The keys that exist now, oldest first. */
  keys(): WafKey[] {
    return this.stored.filter(key => key.deletedAt === undefined);
  }

  /** Creates a key as somebody else would, by the console or another tool: no quota, no fault, no log. */
  createForeignKey(region: string, scope: WafScope, tokenDomains: readonly string[]): WafKey {
    return this.store(region, scope, tokenDomains);
  }

  /** Deletes a key as somebody else would. */
  deleteByHand(apiKey: string): void {
    for (const key of this.stored) if (key.apiKey === apiKey) key.deletedAt ??= this.options.clock.now();
  }

  private async answer(
    operation: string,
    region: string,
    input: JsonInput,
    effect: (region: string, input: JsonInput) => object,
  ): Promise<object> {
    const call: WafCall = { operation, region, input, at: this.options.clock.now() };
    let happened = false;
    try {
      if (!this.quota.allows(region, operation)) throw new AwsError('ThrottlingException', 'Rate exceeded');
      const output = await this.faults.run(call, () => {
        const result = effect(region, input);
        happened = true;
        return result;
      });
      this.calls.push({ ...call, outcome: 'ok', effect: true });
      return output;
    } catch (error) {
      this.calls.push({ ...call, outcome: outcomeOf(error), effect: happened });
      throw error;
    }
  }

  private create(region: string, input: JsonInput): object {
    const scope = scopeOf(input, region);
    return { APIKey: this.store(region, scope, checkedTokenDomains(input)).apiKey };
  }

  private delete(region: string, input: JsonInput): object {
    this.existing(region, input).deletedAt = this.options.clock.now();
    return {};
  }

  private list(region: string, input: JsonInput): object {
    const scope = scopeOf(input, region);
    const start = serialOf(input);
    const listed = this.listed().filter(key => key.region === region && key.scope === scope);
    const following = listed.filter(key => key.serial >= start);
    const page = following.slice(0, Math.min(limitOf(input), this.options.pageSize ?? 100));
    const next = following[page.length];
    return {
      APIKeySummaries: page.map(key => ({
        TokenDomains: this.answered(key.tokenDomains),
        APIKey: key.apiKey,
        CreationTimestamp: key.createdAt / 1000,
        Version: 1,
      })),
      ApplicationIntegrationURL: (this.options.integrationUrl ?? integrationUrl)(region, scope),
      ...(next ? { NextMarker: markerOf(next.serial) } : this.lastMarker(start)),
    };
  }

  private listed(): StoredKey[] {
    const { clock, listLagMs = 0 } = this.options;
    const horizon = clock.now() - listLagMs;
    this.stored = this.stored.filter(key => key.deletedAt === undefined || key.deletedAt > horizon);
    return this.stored.filter(key => key.createdAt <= horizon);
  }

  private lastMarker(start: number): { NextMarker?: string } {
    switch (this.options.lastMarker ?? 'absent') {
      case 'absent':
        return {};
      case 'empty':
        return { NextMarker: '' };
      case 'dangling':
        return { NextMarker: markerOf(this.serial) };
      case 'repeated':
        return { NextMarker: markerOf(start) };
    }
  }

  private answered(tokenDomains: readonly string[]): readonly string[] {
    return this.options.answeredDomains?.(tokenDomains) ?? tokenDomains;
  }

  private store(region: string, scope: WafScope, tokenDomains: readonly string[]): StoredKey {
    const { clock, random, keyLength = 688 } = this.options;
    const apiKey = newKey(random, keyLength);
    const key = { region, scope, apiKey, tokenDomains, createdAt: clock.now(), serial: this.serial++ };
    this.stored.push(key);
    return key;
  }

  private existing(region: string, input: JsonInput): StoredKey {
    const scope = scopeOf(input, region);
    const apiKey = requiredText(input, 'APIKey');
    if (apiKey.length < 1 || apiKey.length > 2048) {
      throw invalid('APIKey', apiKey, 'Member must have length between 1 and 2048');
    }
    const found = this.stored.find(
      key =>
        key.apiKey === apiKey && key.region === region && key.scope === scope && key.deletedAt === undefined,
    );
    if (found) return found;
    throw new AwsError('WAFNonexistentItemException', 'AWS WAF found no such API key in this scope');
  }
}

function outcomeOf(error: unknown): string {
  if (error instanceof AwsError) return error.code;
  return error instanceof ConnectionFault ? error.kind : String(error);
}

function scopeOf(input: JsonInput, region: string): WafScope {
  const scope = requiredText(input, 'Scope');
  if (scope !== 'CLOUDFRONT' && scope !== 'REGIONAL') {
    throw invalid('Scope', scope, 'Member must satisfy enum value set: [REGIONAL, CLOUDFRONT]');
  }
  if (scope === 'REGIONAL' || region === 'us-east-1') return scope;
  const field = { Field: 'SCOPE_VALUE', Parameter: scope, Reason: 'The scope is not valid.' };
  const message = `Error reason: ${field.Reason}, field: ${field.Field}, parameter: ${scope}`;
  throw new AwsError('WAFInvalidParameterException', message, 400, field);
}

function limitOf(input: JsonInput): number {
  const { Limit: limit = 100 } = input;
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= 100) return limit;
  throw invalid('Limit', limit, 'Member must have value between 1 and 100');
}

function markerOf(serial: number): string {
  return Buffer.from(`from ${serial}`).toString('base64');
}

function serialOf(input: JsonInput): number {
  const { NextMarker: marker } = input;
  if (marker === undefined || marker === null) return 0;
  const serial = /^from (\d+)$/.exec(Buffer.from(String(marker), 'base64').toString())?.[1];
  if (serial !== undefined) return Number(serial);
  throw new AwsError('WAFInvalidParameterException', 'Error reason: The marker is not valid.');
}

/** Base64 with one padding character, then `_0_1` or `_1_1`, as real keys end. */
function newKey(random: () => number, length: number): string {
  const bytes = Math.floor((length - 4) / 4) * 3 - 1;
  const secret = Buffer.from(Array.from({ length: bytes }, () => Math.floor(random() * 256)));
  return `${secret.toString('base64')}_${random() < 0.5 ? 0 : 1}_1`;
}

function integrationUrl(region: string, scope: WafScope): string {
  const ids = createHash('sha256').update(`${region} ${scope}`).digest('hex');
  const place = scope === 'CLOUDFRONT' ? 'edge' : region;
  return `https://${ids.slice(0, 12)}.${place}.captcha-sdk.awswaf.com/${ids.slice(12, 24)}/`;
}
