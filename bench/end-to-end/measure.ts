import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { uuidBoundOf } from '../../runtime/index.ts';
import { bareCpuOf } from './bare/bare-floor.ts';
import { compareBooks } from './books/compare-books.ts';
import { isDrained } from './books/journal-book.ts';
import { markOf } from './books/ledger-book.ts';
import { type Answers, UNANSWERED } from './generator/traffic.ts';
import type { Means } from './means.ts';
import type { Row } from './row.ts';
import { GROUPS, type Stage } from './stage/stage.ts';

/**
 * One case: frames are built, the clock starts, purchases are offered, replies counted, follow-ups waited for; then
 * what every part has used is read, and the books are compared. Reading and comparing is outside the window.
 */
export interface Case {
  readonly name: string;
  readonly rate: number;
  readonly terminals: number;
  readonly seconds: number;
  /** Whether the bare floor is measured at this rate too. */
  readonly hasBare: boolean;
  /** What else is asked of the system meanwhile, begun once the books are open; they are compared when it is over. */
  beside?(): Promise<unknown>;
}

const PATIENCE_MS = 6_000;
const LATE_MS = 2_000;
const DRAINED_WITHIN_MS = 180_000;
const LOOK_EVERY_MS = 250;
/** DE39 of what was refused for load: issuer or switch inoperative, system malfunction. */
const REFUSED_FOR_LOAD: ReadonlySet<number> = new Set([91, 96]);
const APPROVALS: ReadonlySet<number> = new Set([0, 10]);

export async function measure(asked: Case, means: Means): Promise<Row> {
  const { stage, generator, say } = means;
  const { rate, terminals, seconds } = asked;
  say(`${asked.name}: ${rate}/s for ${seconds} s, ${terminals} terminals …`);
  const total = Math.max(1, Math.round(rate * seconds));
  const { address } = stage;
  const traffic = await generator.prepare({ address, rate, total, terminals, patienceMs: PATIENCE_MS });

  const ledger = (name: string) => markOf(join(stage.folder, `${name}-simulator`, 'ledger.jsonl'));
  const networks = [ledger('visa'), ledger('iso87')];
  const pop = ledger('pop');
  const [stored, cpu, since] = [await stage.stored(), stage.cpu(), uuidBoundOf(Date.now())];
  const beside = asked.beside?.();
  const replies = generator.run();
  const lagMs = await drained({ stage, since }, seconds * 1_000, replies);
  const answers = await replies;
  await beside;
  const [cpuAfter, storedAfter] = [stage.cpu(), await stage.stored()];

  const books = await compareBooks({ client: stage.database, since, networks, pop, traffic, answers });
  const perPurchase = (value: number) => round(value / total);
  const used = GROUPS.map((group) => [group, perPurchase(cpuAfter[group] - cpu[group])] as const);
  const generated = perPurchase(answers.cpuUs);
  const cpu_us_per_tx = {
    ...(Object.fromEntries(used) as Record<(typeof GROUPS)[number], number>),
    generator: generated,
    all: round(used.reduce((sum, [, us]) => sum + us, generated)),
  };
  const bare = asked.hasBare ? await bareCpuOf(traffic, means) : null;
  return {
    case: asked.name,
    offered: rate,
    terminals,
    seconds,
    ...tally(answers, books.uncertain),
    lost: books.lost,
    stands: books.standing,
    ...latencies(answers),
    lag_ms: lagMs === undefined ? null : Math.round(lagMs),
    cpu_us_per_tx,
    bare_cpu_us_per_tx: bare === null ? null : round(bare),
    ratio: bare === null ? null : round(cpu_us_per_tx.switch / bare),
    bytes_per_tx: Math.round((storedAfter.bytes - stored.bytes) / total),
    wal_per_tx: Math.round((storedAfter.walBytes - stored.walBytes) / total),
    behind_ms: round(answers.behindMs),
    differences: [
      ...books.differences,
      ...complaints(answers, lagMs, books.differing - books.differences.length),
    ],
  };
}

/**
 * Waits until every reply has come, or will not, and the follow-ups are done. Gives how long after the last purchase
 * was due they were done for good; nothing where that did not happen in time.
 */
export async function drained(
  { stage, since }: { stage: Stage; since: string },
  offeringMs: number,
  replies: Promise<unknown>,
): Promise<number | undefined> {
  let isOver = false;
  let doneAt: number | undefined;
  await pause(offeringMs);
  const from = performance.now();
  replies.then(
    () => {
      isOver = true;
    },
    () => {},
  );

  while (performance.now() - from < DRAINED_WITHIN_MS) {
    const wasOver = isOver;
    const isDone = await isDrained(stage.database, since);
    doneAt = isDone ? (doneAt ?? performance.now()) : undefined;
    if (wasOver && doneAt !== undefined) return doneAt - from;
    await pause(LOOK_EVERY_MS);
  }
  return undefined;
}

function tally({ codes: told, latencyMs }: Answers, uncertain: number) {
  const codes: Record<string, number> = {};
  const count = { done: 0, approved: 0, declined: 0, shed: 0, unanswered: 0, late: 0 };
  for (const [index, code] of told.entries()) {
    const name = code === UNANSWERED ? 'none' : String(code).padStart(2, '0');
    codes[name] = (codes[name] ?? 0) + 1;
    if (code === UNANSWERED) {
      count.unanswered += 1;
      continue;
    }
    count.done += 1;
    count[APPROVALS.has(code) ? 'approved' : REFUSED_FOR_LOAD.has(code) ? 'shed' : 'declined'] += 1;
    if ((latencyMs[index] ?? 0) > LATE_MS) count.late += 1;
  }
  count.shed += count.unanswered - uncertain;
  return { ...count, uncertain, codes };
}

function latencies({ codes, latencyMs }: Answers) {
  const sorted = latencyMs.filter((_, index) => codes[index] !== UNANSWERED).sort();
  const at = (share: number) =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) };
}

/** What else makes a run prove nothing. */
function complaints({ macs, unexpected }: Answers, lagMs: number | undefined, more: number): string[] {
  return [
    ...(more > 0 ? [`and ${more} differences more`] : []),
    ...(macs.wrong > 0 ? [`${macs.wrong} of ${macs.wrong + macs.right} replies had a wrong MAC`] : []),
    ...(unexpected > 0 ? [`${unexpected} replies nobody waited for`] : []),
    ...(lagMs === undefined ? [`follow-ups were not drained within ${DRAINED_WITHIN_MS / 1_000} s`] : []),
  ];
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
