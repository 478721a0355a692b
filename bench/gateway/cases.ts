import { join } from 'node:path';
import { uuidBoundOf } from '../../runtime/index.ts';
import { developmentApiKey, developmentToken } from '../../switch/config/gateway.ts';
import { markOf } from '../end-to-end/books/ledger-book.ts';
import { MERCHANT } from '../end-to-end/fleet.ts';
import type { Means } from '../end-to-end/means.ts';
import { drained, measure, round } from '../end-to-end/measure.ts';
import type { Row as IsoRow } from '../end-to-end/row.ts';
import { type CpuOf, GROUPS } from '../end-to-end/stage/stage.ts';
import type { Applications } from './applications.ts';
import { gatewayDifferences } from './books.ts';
import { type Answered, CREATED } from './requests.ts';
import type { Row } from './row.ts';
import { cardTokens } from './shop.ts';

// The cases, one after the other on one system that was warmed up. Two cost as much a second and differ by what comes
// in by the gateway alone: what lies between them is what the gateway costs, with the same flushes, polls and pauses.

export interface CaseOptions {
  readonly rate: number;
  readonly seconds: number;
  readonly terminals: number;
  readonly isQuick: boolean;
}

interface Case {
  readonly name: string;
  /** A second. */
  readonly iso: number;
  readonly rest: number;
  readonly bearer?: string;
  readonly seconds: number;
}

type Payments = () => Promise<Answered>;

interface Measured {
  readonly ofTerminals: IsoRow | undefined;
  readonly answered: Answered | undefined;
}

/** As many as keep an open loop open on a machine that is busy: an answer may take the ceiling of two seconds. */
const CONNECTIONS = 400;
const PATIENCE_MS = 6_000;
const WARM_UP_S = 15;
const GATEWAY_TERMINAL = 'GATEWAY1';

/** Terminals alone come first and last: what the machine does meanwhile weighs on both sides. */
const TERMINALS_ALONE = 'terminals alone';
const BESIDE = 'beside, API key';
const BESIDE_TOKEN = 'beside, HS256';
const APPLICATIONS_ALONE = 'applications alone';

export async function* runCases(
  { rate, seconds, terminals, isQuick }: CaseOptions,
  means: Means,
  applications: Applications,
): AsyncGenerator<Row> {
  const tokens = await cardTokens(means.stage.system.gatewayUrl);
  const offer = (asked: Case) => new Offer({ means, applications, tokens, terminals }).measure(asked);
  const key = developmentApiKey(MERCHANT);
  const jwt = developmentToken(MERCHANT, Date.now());

  const warm = isQuick ? 1 : WARM_UP_S;
  await offer({ name: 'warm-up', iso: rate, rest: rate, bearer: key, seconds: warm });
  yield await offer({ name: TERMINALS_ALONE, iso: rate * 2, rest: 0, seconds });
  yield await offer({ name: BESIDE, iso: rate, rest: rate, bearer: key, seconds });
  yield await offer({ name: BESIDE_TOKEN, iso: rate, rest: rate, bearer: jwt, seconds });
  yield await offer({ name: APPLICATIONS_ALONE, iso: 0, rest: rate * 2, bearer: key, seconds });
  yield await offer({ name: TERMINALS_ALONE, iso: rate * 2, rest: 0, seconds });
}

interface OfferParts {
  readonly means: Means;
  readonly applications: Applications;
  readonly tokens: readonly string[];
  readonly terminals: number;
}

class Offer {
  readonly #parts: OfferParts;

  constructor(parts: OfferParts) {
    this.#parts = parts;
  }

  async measure(asked: Case): Promise<Row> {
    const { stage } = this.#parts.means;
    const { name, iso, rest, seconds } = asked;
    const total = Math.round((iso + rest) * seconds);
    const ledger = (of: string) => markOf(join(stage.folder, `${of}-simulator`, 'ledger.jsonl'));
    const marks = { networks: [ledger('visa'), ledger('iso87')], pop: ledger('pop') };
    const [cpu, since] = [stage.cpu(), uuidBoundOf(Date.now())];

    const payments = rest > 0 ? await this.#prepared(asked, since) : undefined;
    const { ofTerminals, answered } =
      iso > 0 ? await this.#purchases(asked, payments) : await alone(payments);
    const after = stage.cpu();
    const used = GROUPS.map((group) => [group, round((after[group] - cpu[group]) / total)] as const);

    const approved = answered?.approved ?? [];
    const books = { client: stage.database, since, ...marks, terminal: GATEWAY_TERMINAL, approved };
    const differences = [...(ofTerminals?.differences ?? []), ...(await gatewayDifferences(books))];

    return {
      case: name,
      iso,
      rest,
      seconds,
      ...countsOf(answered),
      ...latenciesOf(answered, ofTerminals),
      iso_p99_ms: ofTerminals?.p99_ms ?? null,
      iso_shed: ofTerminals?.shed ?? null,
      cpu_us_per_tx: Object.fromEntries(used) as CpuOf,
      behind_ms: round(Math.max(answered?.behindMs ?? 0, ofTerminals?.behind_ms ?? 0)),
      differences,
    };
  }

  async #purchases({ name, iso, seconds }: Case, payments: Payments | undefined): Promise<Measured> {
    const { means, terminals } = this.#parts;
    let answered: Answered | undefined;
    const beside = async () => {
      answered = await payments?.();
    };
    const asked = { name, rate: iso, terminals, seconds, hasBare: false, beside };
    const ofTerminals = await measure(asked, means);
    return { ofTerminals, answered };
  }

  /** Every request is built; what is given asks for them. */
  async #prepared({ name, rest, seconds, bearer = '' }: Case, since: string): Promise<Payments> {
    const { applications, tokens, means } = this.#parts;
    const { hostname: host, port } = new URL(means.stage.system.gatewayUrl);
    const total = Math.round(rest * seconds);
    const asked = { host, port: Number(port), bearer, tokens, rate: rest, total };
    const own = `${name.replaceAll(/[^a-z0-9]/gi, '-')}-${since.slice(0, 13)}`;
    await applications.prepare({ ...asked, connections: CONNECTIONS, name: own, patienceMs: PATIENCE_MS });

    return async () => {
      means.say(`${name}: ${rest}/s over the gateway for ${seconds} s …`);
      const answers = applications.run();
      const lagMs = await drained({ stage: means.stage, since }, seconds * 1_000, answers);
      if (lagMs === undefined) throw new Error(`${name}: the follow-ups did not come to an end`);
      return answers;
    };
  }
}

async function alone(payments: Payments | undefined): Promise<Measured> {
  return { ofTerminals: undefined, answered: await payments?.() };
}

function countsOf(answered: Answered | undefined) {
  const statuses: Record<string, number> = {};
  for (const status of answered?.statuses ?? []) {
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  const { [CREATED]: created = 0, 0: unanswered = 0 } = statuses;
  const all = answered?.statuses.length ?? 0;
  return { created, unanswered, refused: all - created - unanswered, statuses };
}

function latenciesOf(answered: Answered | undefined, ofTerminals: IsoRow | undefined) {
  if (!answered) {
    const { p50_ms = 0, p99_ms = 0, max_ms = 0 } = ofTerminals ?? {};
    return { p50_ms, p99_ms, max_ms };
  }
  const sorted = answered.latencyMs.filter((_, index) => answered.statuses[index] !== 0).sort();
  const at = (share: number) =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) };
}

/** µs of the switch that a payment of an application costs over a purchase of a terminal. */
export function costOf(rows: readonly Row[]): Cost {
  const terminals = rows.filter((row) => row.case === TERMINALS_ALONE);
  const base = terminals.reduce((sum, row) => sum + row.cpu_us_per_tx.switch, 0) / terminals.length;
  const over = (name: string) => {
    const row = rows.find((found) => found.case === name);
    if (!row) return Number.NaN;
    const share = row.rest / (row.iso + row.rest);
    return Math.round((row.cpu_us_per_tx.switch - base) / share);
  };
  const cost = { api_key_us: over(BESIDE), hs256_us: over(BESIDE_TOKEN), alone_us: over(APPLICATIONS_ALONE) };
  const { api_key_us, hs256_us, alone_us } = cost;
  const told =
    `cost over ISO 8583, µs of the switch: ${api_key_us} with an API key and ${hs256_us} with HS256 beside ` +
    `terminals, ${alone_us} where applications are alone`;
  return { ...cost, told };
}

interface Cost {
  readonly api_key_us: number;
  readonly hs256_us: number;
  readonly alone_us: number;
  readonly told: string;
}
