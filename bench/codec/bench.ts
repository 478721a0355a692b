import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Contender, type DialectLetter, iso8583, jspos, ours, prove } from './peers.ts';
import type { CaseName } from './reference.ts';

/**
 * `npm run bench -- codec [--json]`: messages a second, ours beside the npm packages, in one run.
 * parse: every field a value, characters and lengths checked. pack: a message object that is there already.
 * build and pack: from strings. mixed: authorisation, answer and echo in turn.
 */

type Operation = 'parse' | 'pack' | 'build and pack';
type Mix = CaseName | 'mixed';

interface Row {
  readonly case: string;
  readonly peer: string;
  /** Messages a second, the median of all rounds. */
  readonly ours: number;
  readonly theirs: number;
  /** The median of the ratios of each round, whose halves follow each other at once. */
  readonly ratio: number;
}

const operations: readonly Operation[] = ['parse', 'pack', 'build and pack'];
const mixes: readonly Mix[] = ['auth', 'reply', 'echo', 'mixed'];
const rounds = 15;
const roundMs = 25;
const warmUpMs = 200;
/** Rounds tried before those that were disturbed have to do. */
const mostRounds = 4 * rounds;

export const HELP = `npm run bench -- codec [options]

Messages parsed and packed a second, beside the fastest peers of npm and beside code written by hand for one message.

  --json      one JSON row a line instead of a table
  --help      this page

Example: npm run bench -- codec --json`;

export async function run({ json }: { json: boolean }): Promise<void> {
  for (const letter of ['A', 'B'] as const) {
    const peers = letter === 'A' ? [jspos(letter), iso8583()] : [jspos(letter)];
    const mine = ours(letter);
    for (const contender of [mine, ...peers]) prove(contender);
    for (const operation of operations) {
      for (const mix of mixes) {
        for (const peer of peers) report(compare(letter, operation, mix, mine, peer), json);
      }
    }
  }
  const heap = { case: 'A parse auth, heap bytes a message', ...heapPerMessage('A') };
  const heapB = { case: 'B parse auth, heap bytes a message', ...heapPerMessage('B') };
  for (const row of [heap, heapB]) {
    console.log(json ? JSON.stringify(row) : `${row.case.padEnd(40)} ${row.ours}`);
  }
}

function report(row: Row, json: boolean): void {
  if (json) console.log(JSON.stringify(row));
  else {
    console.log(
      `${row.case.padEnd(24)} ${row.peer.padEnd(10)} ${thousands(row.ours)} k/s  ${thousands(row.theirs)} k/s  × ${row.ratio.toFixed(1)}`,
    );
  }
}

function thousands(perSecond: number): string {
  return (perSecond / 1000).toFixed(1).padStart(9);
}

/**
 * Rounds alternate between the two, and each begins with a heap whose young part was collected: nobody pays for the
 * other's garbage, everybody for what a round of one's own leaves. One in which the machine took the processor away
 * counts for neither, so that a busy machine gives the ratios of an idle one; only where there are too few others, it
 * has to do.
 */
function compare(
  letter: DialectLetter,
  operation: Operation,
  mix: Mix,
  mine: Contender,
  peer: Contender,
): Row {
  const left = warm(work(mine, operation, mix));
  const right = warm(work(peer, operation, mix));
  const quiet: (readonly [number, number])[] = [];
  const disturbed: (readonly [number, number])[] = [];
  while (quiet.length < rounds && quiet.length + disturbed.length < mostRounds) {
    const [a, b] = [measure(left), measure(right)];
    (a.disturbed || b.disturbed ? disturbed : quiet).push([a.speed, b.speed]);
  }
  const pairs = quiet.length >= rounds / 3 ? quiet : [...quiet, ...disturbed];
  return {
    case: `${letter} ${operation} ${mix}`,
    peer: peer.name,
    ours: Math.round(median(pairs.map(([a]) => a))),
    theirs: Math.round(median(pairs.map(([, b]) => b))),
    ratio: median(pairs.map(([a, b]) => a / b)),
  };
}

interface Work {
  readonly batch: (count: number) => void;
  /** Messages that take about a tenth of a round: the clock is looked at in between. */
  readonly size: number;
}

function warm(batch: (count: number) => void): Work {
  const start = process.hrtime.bigint();
  let done = 0;
  while (process.hrtime.bigint() - start < BigInt(warmUpMs) * 1_000_000n) {
    batch(30);
    done += 30;
  }
  return { batch, size: Math.max(1, Math.round((done / warmUpMs) * (roundMs / 10))) };
}

/** Results go here, so that no work can be left out as unused. */
const sink: { value: unknown } = { value: undefined };

/** A loop of its own for every contender and case, so that none spoils the inline caches of another. */
function work(contender: Contender, operation: Operation, mix: Mix): (count: number) => void {
  const names: readonly CaseName[] = mix === 'mixed' ? ['auth', 'reply', 'echo'] : [mix];
  const built = names.map((name) => contender.build(name));
  const inputs = operation === 'pack' ? built : built.map((message) => Buffer.from(contender.pack(message)));
  const loop = new Function(
    'inputs, contender, names, keep',
    `return (count) => { for (let i = 0, at = 0; i < count; i++) { keep(${calls[operation]}); if (++at === ${names.length}) at = 0; } };`,
  );
  return loop(inputs, contender, names, (value: unknown) => {
    sink.value = value;
  }) as (count: number) => void;
}

const calls: Readonly<Record<Operation, string>> = {
  parse: 'contender.parse(inputs[at])',
  pack: 'contender.pack(inputs[at])',
  'build and pack': 'contender.pack(contender.build(names[at]))',
};

/** Processor time that is well short of the time on the wall went to somebody else. */
const undisturbedShare = 0.9;

function measure({ batch, size }: Work): { speed: number; disturbed: boolean } {
  collect({ type: 'minor' });
  const processor = process.cpuUsage();
  const start = process.hrtime.bigint();
  const until = start + BigInt(roundMs) * 1_000_000n;
  let done = 0;
  let now = start;
  while (now < until) {
    batch(size);
    done += size;
    now = process.hrtime.bigint();
  }
  const { user, system } = process.cpuUsage(processor);
  const elapsed = Number(now - start);
  return { speed: done / (elapsed / 1e9), disturbed: (user + system) * 1000 < undisturbedShare * elapsed };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** What a parsed authorisation keeps alive on the heap. */
function heapPerMessage(letter: DialectLetter): {
  peer: string;
  ours: number;
  theirs: number;
  ratio: number;
} {
  const contender = ours(letter);
  const bytes = Buffer.from(contender.pack(contender.build('auth')));
  const count = 20_000;
  const kept: unknown[] = new Array(count).fill(undefined);
  for (let i = 0; i < count; i++) kept[i] = contender.parse(bytes);
  kept.fill(undefined);
  const before = usedHeap();
  for (let i = 0; i < count; i++) kept[i] = contender.parse(bytes);
  const perMessage = Math.round((usedHeap() - before) / count);
  sink.value = kept;
  return { peer: 'limit', ours: perMessage, theirs: 2500, ratio: Number((perMessage / 2500).toFixed(2)) };
}

/** The collector, which V8 shows only on request. */
function collector(): (how?: { type: 'minor' }) => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as (how?: { type: 'minor' }) => void;
}
const collect = collector();

function usedHeap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
