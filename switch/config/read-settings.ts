import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { DEFAULT_ADMISSION } from './admission.ts';
import { isTimeZone } from './business-calendar.ts';
import { databaseProblems, isLoopback } from './database-url.ts';
import { unfitElementPolicies } from './element-policies.ts';
import { type Settings, SettingsSchema } from './settings.ts';
import { unfitTerminals } from './terminal-problems.ts';
import { unfitFraud } from './unfit-fraud.ts';
import { unfitGateway, unfitGatewayForProduction } from './unfit-gateway.ts';
import { unknownKeys } from './unknown-keys.ts';

const LEASE_IN_APPENDS = 5;

/** A settings file that cannot be used; the message names each key, the value's shape and what was expected. */
export class SettingsError extends Error {
  readonly code = 'SW_SETTINGS';
  readonly problems: readonly string[];

  constructor(source: string, problems: readonly string[]) {
    super(`${source}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

export interface Surroundings {
  /** Nothing may leave this machine in plain text. */
  readonly production: boolean;
  /** DATABASE_SYNCHRONOUS_STANDBY: takes the place of `journal.synchronousStandby`. */
  readonly synchronousStandby?: string | undefined;
}

/** Reads and validates a settings file. @throws SettingsError */
export function readSettings(path: string, surroundings: Surroundings): Settings {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new SettingsError(path, [error instanceof Error ? error.message : String(error)]);
  }
  return withStandby(validateSettings(content, path, surroundings), surroundings);
}

/** What the environment of a machine demands of its database. @throws SettingsError */
function withStandby(settings: Settings, { synchronousStandby }: Surroundings): Settings {
  if (!synchronousStandby) return settings;
  if (synchronousStandby !== 'required' && synchronousStandby !== 'any') {
    const problem = `"required" or "any" is expected, found ${shapeOf(synchronousStandby)}`;
    throw new SettingsError('DATABASE_SYNCHRONOUS_STANDBY', [problem]);
  }
  return { ...settings, journal: { ...settings.journal, synchronousStandby } };
}

/** @param source where the value came from, for the error */
export function validateSettings(value: unknown, source: string, { production }: Surroundings): Settings {
  const problems = [...shapeProblems(value)];
  if (problems.length === 0) {
    problems.push(...contradictions(value as Settings));
    if (production) problems.push(...unfitForProduction(value as Settings));
  }
  if (problems.length > 0) throw new SettingsError(source, problems);
  return value as Settings;
}

function* shapeProblems(value: unknown): Generator<string> {
  for (const error of Value.Errors(SettingsSchema, value)) {
    const found = error.instancePath === '' ? value : Value.Pointer.Get(value as object, error.instancePath);
    yield `${error.instancePath || '/'}: ${error.message}, found ${shapeOf(found)}`;
  }
}

/** What the schema cannot say: names that must exist, numbers that must fit each other. */
function* contradictions(settings: Settings): Generator<string> {
  yield* unfitTimes(settings);
  yield* namedTwice(settings);
  yield* unfitServiceTls(settings.pop);
  yield* unfitGateway(settings);
  yield* unfitElementPolicies(settings.listeners, settings.networks);
  yield* unfitFraud(settings);

  const { timeZone } = settings;
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    yield `/timeZone: an IANA time zone (Europe/Brussels) is expected, found "${timeZone}"`;
  }

  const networks = new Set(settings.networks.map(({ name }) => name));
  for (const [index, { from, to, network }] of settings.routes.entries()) {
    if (!networks.has(network)) yield `/routes/${index}/network: no such network: "${network}"`;
    if (from.length !== to.length || from > to) yield `/routes/${index}: "${from}" to "${to}" is no range`;
  }

  yield* unfitAnswers(settings);
  for (const [index, { webhook }] of settings.merchants.entries()) {
    if (webhook?.url.startsWith('http:') && !isLoopback(new URL(webhook.url).hostname)) {
      yield `/merchants/${index}/webhook/url: off loopback "https:" is required, found "http:"`;
    }
  }

  yield* unfitDelays(settings);
  for (const [index, { from, to }] of settings.standIn?.issuers.entries() ?? []) {
    if (from.length !== to.length || from > to) {
      yield `/standIn/issuers/${index}: "${from}" to "${to}" is no range`;
    }
  }

  yield* unfitTerminals(settings);

  for (const [index, { mac, host, tls, proxyFrom = [] }] of settings.listeners.entries()) {
    for (const each of proxyFrom.filter((named) => !isAddressOrNetwork(named))) {
      yield `/listeners/${index}/proxyFrom: an address or a network (10.0.0.0/8) is expected, found "${each}"`;
    }
    if (mac === 'none' && !isLoopback(host) && !tls?.requireClientCertificate) {
      yield `/listeners/${index}/host: a listener without MAC must be on loopback or require client certificates, found "${host}"`;
    }
    if (tls?.clients && !tls.requireClientCertificate) {
      yield `/listeners/${index}/tls/clients: they are known by their certificates, so requireClientCertificate must be true`;
    }
  }
}

/** Certificates for an address that has no TLS would be a promise that nobody keeps. */
function* unfitServiceTls({ url, tls }: Settings['pop']): Generator<string> {
  if (!URL.canParse(url)) yield `/pop/url: is no address`;
  else if (tls && new URL(url).protocol !== 'https:') yield '/pop/tls: the address must be "https:"';
  if (tls && (tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    yield '/pop/tls: certFile and keyFile belong together';
  }
}

/** Of two that have one name nobody could say which is meant. DE41 and DE42 are compared without their padding. */
function* namedTwice({ listeners, networks, merchants, terminals }: Settings): Generator<string> {
  const nameOfTerminal = ({ id, merchant }: (typeof terminals)[number]) =>
    `${id.trimEnd()}" of merchant "${merchant.trimEnd()}`;
  const named: readonly [key: string, names: readonly string[]][] = [
    ['/listeners/N/name', listeners.map(({ name }) => name)],
    ['/networks/N/name', networks.map(({ name }) => name)],
    ['/merchants/N/id', merchants.map(({ id }) => id.trimEnd())],
    ['/terminals/N/id', terminals.map(nameOfTerminal)],
  ];
  for (const [key, names] of named) {
    const seen = new Set<string>();
    for (const [index, name] of names.entries()) {
      if (seen.has(name)) yield `${key.replace('N', String(index))}: named twice: "${name}"`;
      seen.add(name);
    }
  }
}

/** What is said of a network's answers. */
function* unfitAnswers({ networks }: Settings): Generator<string> {
  for (const [index, { answers }] of networks.entries()) {
    const path = `/networks/${index}/answers`;
    if (answers?.matchedBy && !answers.matchedBy.includes('de11')) {
      yield `${path}/matchedBy: "de11" must be among them`;
    }
    for (const [range, { from, to }] of answers?.tokens?.entries() ?? []) {
      if (from.length !== to.length || from > to) {
        yield `${path}/tokens/${range}: "${from}" to "${to}" is no range`;
      }
    }
  }
}

/** Times and limits of a node that must fit each other. */
function* unfitTimes(settings: Settings): Generator<string> {
  if (settings.replyMarginMs >= settings.deadlineMs) {
    yield `/replyMarginMs: must be less than deadlineMs (${settings.deadlineMs}), found ${settings.replyMarginMs}`;
  }
  // A node that is paused past its lease must find the deadlines of what it had begun behind it: others reversed it.
  if (settings.journal.leaseMs <= settings.deadlineMs) {
    yield `/journal/leaseMs: must be more than deadlineMs (${settings.deadlineMs}), found ${settings.journal.leaseMs}`;
  }
  // A lease is renewed five times in its life, and a renewal waits behind an append.
  const { leaseMs, appendDeadlineMs } = settings.journal;
  if (leaseMs <= LEASE_IN_APPENDS * appendDeadlineMs) {
    yield `/journal/leaseMs: must be more than ${LEASE_IN_APPENDS} times appendDeadlineMs (${appendDeadlineMs}), found ${leaseMs}`;
  }

  const { minLimit, maxLimit, maxQueueMs } = settings.admission ?? DEFAULT_ADMISSION;
  if (minLimit > maxLimit) {
    yield `/admission/minLimit: must not exceed maxLimit (${maxLimit}), found ${minLimit}`;
  }
  if (settings.admission && maxQueueMs >= settings.deadlineMs) {
    yield `/admission/maxQueueMs: must be less than deadlineMs (${settings.deadlineMs}), found ${maxQueueMs}`;
  }
}

/** The first delay of a strategy may not be longer than its longest. */
function* unfitDelays(settings: Settings): Generator<string> {
  const { strategies = {}, ...followUps } = settings.followUps;
  for (const [path, strategy] of Object.entries({ '': {}, ...strategies })) {
    const { firstDelayMs, maxDelayMs } = { ...followUps, ...strategy };
    if (firstDelayMs > maxDelayMs) {
      yield `/followUps${path && `/strategies/${path}`}/firstDelayMs: must not exceed maxDelayMs (${maxDelayMs}), found ${firstDelayMs}`;
    }
  }
}

/** What would be read by others, be served to others, or do nothing without a word. */
function* unfitForProduction(settings: Settings): Generator<string> {
  yield* unknownKeys(SettingsSchema as TSchema, settings);
  yield* plainTextOffLoopback(settings);
  yield* databaseProblems(settings.databaseUrl);
  yield* unfitGatewayForProduction(settings);
  const { host } = settings.status;
  if (!isLoopback(host)) yield `/status/host: in production on loopback only, found "${host}"`;
}

/** What would cross a wire where others can read it. */
function* plainTextOffLoopback({ listeners, networks, pop }: Settings): Generator<string> {
  const exposed = ({ host, tls }: { host: string; tls?: object }) => !tls && !isLoopback(host);
  for (const [key, ends] of Object.entries({ listeners, networks })) {
    for (const [index, end] of ends.entries()) {
      if (exposed(end)) {
        yield `/${key}/${index}/tls: off loopback TLS is required in production, found nothing`;
      }
    }
  }
  for (const [index, { tls, workerAddress }] of networks.entries()) {
    if (workerAddress && exposed({ host: workerAddress.host, ...(tls && { tls }) })) {
      yield `/networks/${index}/workerAddress: off loopback TLS is required in production, found nothing`;
    }
  }
  if (!URL.canParse(pop.url)) return;
  const { protocol, hostname } = new URL(pop.url);
  if (protocol !== 'https:' && !isLoopback(hostname)) {
    yield '/pop/url: off loopback "https:" is required in production, found "http:"';
  }
}

function isAddressOrNetwork(named: string): boolean {
  const [address = '', bits, ...more] = named.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** The kind and size of a value, never the value: settings may hold secrets. */
export function shapeOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string') return `a string of ${value.length} characters`;
  if (typeof value === 'number') return `the number ${value}`;
  return `a value of type ${typeof value}`;
}
