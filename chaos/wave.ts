/**
 * One wave: its faults begin, last and end while purchases flow, and then everything has a minute to be as before. What
 * has to hold is judged here, by what terminals and operators see; what the ledgers say is judged once, at the end, as
 * proofs take their time and traffic is not stopped for it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { AlertView } from '../admin-api/fallback-view.ts';
import type { ExpectedAlert, Fault, Means } from './fault.ts';
import { type Flow, flowOf, type Row } from './row.ts';
import type { Account } from './tills/account.ts';
import type { TillRoom } from './tills/till-room.ts';
import type { Operator } from './watch/operator.ts';
import { waitingIn } from './watch/queues.ts';
import type { ReadyWatch } from './watch/ready-watch.ts';

export interface WaveParts extends Means {
  readonly tills: TillRoom;
  readonly operator: Operator;
  readonly readyWatch: ReadyWatch;
  readonly isShort: boolean;
  /** How many times as long as usual this machine took to start everything; 1 at least. */
  readonly slowness: number;
  /** Ends of faults that last now: whoever interrupts the run calls them. */
  readonly lasting: Set<() => Promise<void>>;
  say(line: string): void;
}

/** On a machine that has nothing else to do; one that takes its time has as much more. */
const OVER_WITHIN_MS = 60_000;
const TOLD_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 500;
/** Older no due work may be, a minute after a fault. */
const OLDEST_DUE_MS = 60_000;
const APPROVED = 0;

interface Begun {
  readonly fault: Fault;
  readonly lastedMs: number;
}

export async function runWave(faults: readonly Fault[], parts: WaveParts): Promise<Row[]> {
  const { tills, readyWatch, say } = parts;
  await untilQuiet(parts);
  const from = (await tills.account()).codes.length;
  const [began, mark] = [performance.now(), Date.now()];
  for (const { name, what } of faults) say(`${name}: ${what} …`);

  const begun = await Promise.all(faults.map((fault) => letHappen(fault, mark, parts)));
  const ended = performance.now();
  const unmet = await untilOver(faults, mark, parts);
  const overAfterMs = performance.now() - ended;

  const account = await tills.account();
  const alerts = await alertsAtLast(mark, parts);
  const flow = flowOf(account, from, account.codes.length);
  const notReady = readyWatch.failuresSince(began);
  const common = [
    ...unmet,
    ...judgeFlow(account, from),
    ...judgeReady(faults, notReady),
    ...judgeServed(faults, flow),
    ...strange(faults, alerts),
  ];
  return begun.map(({ fault, lastedMs }, index) => {
    const own = alertsOf(fault.expects.alerts[0], alerts)[0];
    const told = own ? { alertAfterMs: Date.parse(own.lastAt) - mark } : {};
    const problems = [...judgeAlerts(fault, alerts), ...(index === 0 ? common : [])];
    return {
      fault: fault.name,
      lastedMs: Math.round(lastedMs),
      flow,
      notReady,
      ...told,
      overAfterMs,
      problems,
    };
  });
}

/** What a busy machine brought about before is none of this wave's: it has a minute to be over, and counts if not. */
async function untilQuiet({ operator, slowness }: WaveParts): Promise<void> {
  const end = performance.now() + OVER_WITHIN_MS * slowness;
  const isOpen = async () => {
    const alerts = await operator.alerts().catch(() => undefined);
    return (
      alerts === undefined || alerts.some(({ kind, closedAt }) => kind !== 'case' && closedAt === undefined)
    );
  };
  while (performance.now() < end && (await isOpen())) await pause(LOOK_EVERY_MS);
}

/** Ends it as well, whatever happens. */
async function letHappen(fault: Fault, mark: number, parts: WaveParts): Promise<Begun> {
  const from = performance.now();
  const end = await fault.begin(parts);
  let ended: Promise<void> | undefined;
  const endOnce = () => {
    ended ??= end();
    return ended;
  };
  parts.lasting.add(endOnce);
  await pause(fault.lastsMs[parts.isShort ? 'short' : 'full']);
  if (fault.lastsUntilTold) await untilTold(fault, mark, parts);
  await endOnce();
  parts.lasting.delete(endOnce);
  return { fault, lastedMs: performance.now() - from };
}

async function untilTold({ expects }: Fault, mark: number, parts: WaveParts): Promise<void> {
  const end = performance.now() + TOLD_WITHIN_MS;
  const isTold = async () => {
    const alerts = await alertsSince(mark, parts).catch(() => []);
    return expects.alerts.every((each) => alertsOf(each, alerts).length > 0);
  };
  while (performance.now() < end && !(await isTold())) await pause(LOOK_EVERY_MS);
}

/** @returns what is not as before, a minute later; nothing where everything is */
async function untilOver(faults: readonly Fault[], mark: number, parts: WaveParts): Promise<string[]> {
  const end = performance.now() + OVER_WITHIN_MS * parts.slowness;
  const since = (await parts.tills.account()).codes.length;
  let unmet: string[] = [];
  for (let told = ''; performance.now() < end; await pause(LOOK_EVERY_MS)) {
    unmet = await whatIsUnmet(faults, mark, since, parts).catch((error: unknown) => [String(error)]);
    if (unmet.length === 0) return [];
    if (unmet.join() !== told) parts.say(`  waits: ${unmet.join('; ')}`);
    told = unmet.join();
  }
  return unmet.map((what) => `a minute later: ${what}`);
}

async function whatIsUnmet(
  faults: readonly Fault[],
  mark: number,
  since: number,
  parts: WaveParts,
): Promise<string[]> {
  const { operator, stage, tills } = parts;
  const { codes, refusedReversals, uncertain } = await tills.account();
  const isFlowing = codes.subarray(since).includes(APPROVED);
  const { isReady, failing } = await operator.ready();
  const waiting = await waitingIn(stage.database);
  const parked = await operator.parked();
  const alerts = await alertsSince(mark, parts);
  const open = alerts.filter(({ closedAt }) => closedAt === undefined);
  const untold = faults
    .flatMap(({ expects }) => expects.alerts)
    .filter((each) => alertsOf(each, alerts).length === 0);
  const oldestDueMs = (await operator.status()).followUps?.oldestDueMs ?? Number.POSITIVE_INFINITY;
  return [
    ...(isFlowing ? [] : ['no purchase is approved']),
    ...(isReady ? [] : [`/ready says no: ${failing.join(', ')}`]),
    ...(waiting === undefined ? [] : [`there wait ${waiting}`]),
    ...(parked === 0 ? [] : [`${parked} follow-ups are parked`]),
    ...(uncertain === 0
      ? []
      : [`${uncertain} reversals are not acknowledged (${refusedReversals.at(-1) ?? 'no answer'})`]),
    ...open.map(({ kind, subject }) => `the alert ${kind} ${subject} is open`),
    ...untold.map(({ kind, subject }) => `nobody was told: ${kind} ${subject}`),
    ...(oldestDueMs < OLDEST_DUE_MS ? [] : [`the oldest due work waits for ${oldestDueMs} ms`]),
  ];
}

/** Those of outages, raised or raised again since; a case is about a payment, and is for people to close. */
async function alertsSince(mark: number, { operator }: WaveParts): Promise<AlertView[]> {
  return (await operator.alerts()).filter(
    ({ lastAt, kind }) => Date.parse(lastAt) >= mark && kind !== 'case',
  );
}

/** A database that has other things to do may answer late: that is none of the fault's by now. */
async function alertsAtLast(mark: number, parts: WaveParts): Promise<AlertView[]> {
  const end = performance.now() + OVER_WITHIN_MS * parts.slowness;
  for (;;) {
    try {
      return await alertsSince(mark, parts);
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await pause(LOOK_EVERY_MS);
  }
}

function alertsOf({ kind, subject }: ExpectedAlert, alerts: readonly AlertView[]): AlertView[] {
  return alerts.filter((alert) => alert.kind === kind && alert.subject === subject);
}

function judgeAlerts({ expects }: Fault, alerts: readonly AlertView[]): string[] {
  return expects.alerts.flatMap((expected) => {
    const { length } = alertsOf(expected, alerts);
    return length === 1 ? [] : [`${length} alerts ${expected.kind} ${expected.subject}, and not one`];
  });
}

/** Alerts that belong to none of these faults. */
function strange(faults: readonly Fault[], alerts: readonly AlertView[]): string[] {
  const expected = new Set(
    faults.flatMap(({ expects: { alerts: must, mayAlert: may = [] } }) =>
      [...must, ...may].map(({ kind, subject }) => `${kind} ${subject}`),
    ),
  );
  return alerts
    .filter(({ kind, subject }) => !expected.has(`${kind} ${subject}`))
    .map(({ kind, subject, summary }) => `an alert nobody expects: ${kind} ${subject} (${summary})`);
}

function judgeFlow({ late, unsealed }: Account, from: number): string[] {
  return [
    ...late
      .filter(({ purchase }) => purchase >= from)
      .map(({ purchase, ms }) => `purchase ${purchase} was answered after ${ms} ms`),
    ...(unsealed === 0 ? [] : [`${unsealed} approvals had no right MAC`]),
  ];
}

function judgeServed(faults: readonly Fault[], { approved, purchases }: Flow): string[] {
  // What a wave leaves is what its worst fault leaves.
  const least = Math.min(...faults.map(({ expects }) => expects.served ?? 0));
  return approved >= least * purchases ? [] : [`only ${approved} of ${purchases} purchases were approved`];
}

function judgeReady(faults: readonly Fault[], notReady: readonly string[]): string[] {
  const wanted = faults.map(({ expects }) => expects.ready);
  if (wanted.includes('says no')) return notReady.length > 0 ? [] : ['/ready said yes all the time'];
  if (wanted.includes('may say no')) return [];
  return notReady.map((why) => `/ready said no: ${why}`);
}
