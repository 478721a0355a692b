import { cpus } from 'node:os';
import type { Means } from './means.ts';
import { type Case, measure } from './measure.ts';
import type { CASE_NAMES, Options } from './options.ts';
import type { Row } from './row.ts';

/** The cases of a run, one after the other on one system that was warmed up. */
type CaseName = (typeof CASE_NAMES)[number];

/** What one core is offered. */
const ONE_CORE_RATE = 1_500;
const PROBE_SECONDS = 6;
const FIRST_PROBE = 500;
const LEAST_RATE = 25;
const MOST_RATE = 16_000;
const HALVINGS = 3;
const SUSTAINED_P99_MS = 60;

export async function* runCases(options: Options, means: Means): AsyncGenerator<Row> {
  const { rates, seconds, terminals, hasBare } = options;
  const wants = (name: CaseName) => options.cases.length === 0 || options.cases.includes(name);
  const few = terminals[0] ?? 10;
  const offer = (name: string, rate: number, more: Partial<Case> = {}) =>
    measure({ name, rate, terminals: few, seconds, hasBare: false, ...more }, means);
  await offer('warm-up', options.warmUp.rate, { seconds: options.warmUp.seconds });

  if (wants('rates')) {
    for (const count of terminals) {
      for (const rate of rates) yield await offer(`${rate}/s`, rate, { terminals: count, hasBare });
    }
  }
  const needsCapacity = wants('capacity') || wants('twice capacity') || wants('five times capacity');
  if (options.hasSearch && needsCapacity) yield* capacityCases(offer, wants, means);
  if (options.hasSearch && wants('one core')) {
    yield await onOneCore(() => offer('one core', ONE_CORE_RATE), means);
  }
}

type Offer = (name: string, rate: number, more?: Partial<Case>) => Promise<Row>;

async function* capacityCases(
  offer: Offer,
  wants: (name: CaseName) => boolean,
  { say }: Means,
): AsyncGenerator<Row> {
  const sustained = await searchCapacity(offer);
  if (!sustained) {
    say(`no capacity was found: even ${LEAST_RATE}/s is not answered within ${SUSTAINED_P99_MS} ms (p99)`);
    return;
  }
  yield { ...sustained, case: 'capacity' };
  const { offered } = sustained;
  if (wants('twice capacity')) yield await offer('twice capacity', offered * 2);
  if (wants('five times capacity')) yield await offer('five times capacity', offered * 5);
}

/** The highest rate at which nothing is shed and p99 stays within its limit, to an eighth. */
async function searchCapacity(offer: Offer): Promise<Row | undefined> {
  let best: Row | undefined;
  const holds = async (rate: number) => {
    const row = await offer('search', rate, { seconds: PROBE_SECONDS });
    const isSustained = row.shed === 0 && row.unanswered === 0 && row.p99_ms <= SUSTAINED_P99_MS;
    if (isSustained) best = row;
    return isSustained;
  };

  let low = FIRST_PROBE;
  if (await holds(low)) {
    while (low * 2 <= MOST_RATE && (await holds(low * 2))) low *= 2;
  } else {
    do low = Math.round(low / 2);
    while (low >= LEAST_RATE && !(await holds(low)));
    if (!best) return undefined;
  }
  let high = low * 2;
  for (let step = 0; step < HALVINGS; step += 1) {
    const middle = Math.round((low + high) / 2);
    if (await holds(middle)) low = middle;
    else high = middle;
  }
  return best;
}

/** The system and its generator on the first processor, and on all again. */
async function onOneCore<T>(work: () => Promise<T>, { stage, generator }: Means): Promise<T> {
  stage.pin('0', [generator.pid()]);
  try {
    return await work();
  } finally {
    stage.pin(`0-${cpus().length - 1}`, [generator.pid()]);
  }
}
