import { DAY_MS } from '../../runtime/index.ts';
import { FraudWatch } from '../../switch/fraud/fraud-watch.ts';
import { openingOf, type Said } from '../../switch/fraud/testing.ts';

const PAYMENTS = 200_000;
const WARM_UP = 50_000;
const CARDS = 40_000;
const MERCHANTS = 500;
/** One card after the other asks at so many payments a second. */
const RATE = 1_000;

export const HELP = `npm run bench -- fraud [options]

What rules of fraud cost a payment, all that are built in, with counters that are full: the judgement before its legs
are opened, and counting what became of it. Beside it a bare look into one map of the same cards.

  --json      one JSON row a line instead of a table
  --help      this page

Example: npm run bench -- fraud --json`;

/** Prints the processor time of a payment, and how long one of a hundred, and of a thousand, takes at least. */
export async function run({ json }: { json: boolean }): Promise<void> {
  const watched = measure();
  const bare = bareLook();
  const row = {
    case: `${PAYMENTS} payments of ${CARDS} cards, the built-in rules`,
    cpu: watched.cpuMicroseconds,
    p99: watched.p99Microseconds,
    p999: watched.p999Microseconds,
    bare,
    unit: 'µs/payment',
  };
  if (json) console.log(JSON.stringify(row));
  else console.table([row]);
}

function measure() {
  let now = Date.UTC(2026, 10, 23);
  const watch = new FraudWatch({
    settings: { mode: 'enforce' },
    networks: [{ name: 'visa', profile: 'visa' }] as never,
    placeOf: () => 'eea',
    clock: { wall: () => now },
  });
  const took = new Float64Array(PAYMENTS);
  let cpu = process.cpuUsage();

  for (let index = 0; index < WARM_UP + PAYMENTS; index += 1) {
    if (index === WARM_UP) cpu = process.cpuUsage();
    const opening = openingOf(said(index), index);
    const from = process.hrtime.bigint();
    const { transaction } = opening.facts;
    watch.judge(opening);
    watch.note({ transaction, kind: 'intended', body: opening }, now);
    watch.note({ transaction, kind: 'decided', body: decided(index) }, now + 100);
    if (index >= WARM_UP) took[index - WARM_UP] = Number(process.hrtime.bigint() - from) / 1_000;
    now += 1_000 / RATE;
    if (index % PAYMENTS === 0) now += DAY_MS;
  }

  const { user, system } = process.cpuUsage(cpu);
  took.sort();
  return {
    cpuMicroseconds: rounded((user + system) / PAYMENTS),
    p99Microseconds: rounded(took[Math.floor(PAYMENTS * 0.99)] ?? 0),
    p999Microseconds: rounded(took[Math.floor(PAYMENTS * 0.999)] ?? 0),
  };
}

function said(index: number): Said {
  const card = (index * 7_919) % CARDS;
  return {
    card: `c${card}`,
    merchant: `M${(index * 31) % MERCHANTS}`,
    terminal: `T${index % 4}`,
    minorUnits: 500 + ((index * 13) % 20_000),
    entry: index % 3 === 0 ? '010' : '051',
  };
}

/** One of ten is declined. */
function decided(index: number) {
  const isDeclined = index % 10 === 0;
  return {
    network: isDeclined ? { status: 'refused', code: '51' } : { status: 'approved', code: '00' },
    pop: { status: 'accepted', validation: 'v-1' },
    approved: !isDeclined,
    reply: { code: isDeclined ? '51' : '00' },
    followUps: [],
  };
}

/** The floor: one counter of one map. */
function bareLook(): number {
  const counts = new Map<string, number>();
  const cards = Array.from({ length: CARDS }, (_, card) => `c${card}`);
  const cpu = process.cpuUsage();
  for (let index = 0; index < PAYMENTS; index += 1) {
    const card = cards[(index * 7_919) % CARDS] ?? '';
    counts.set(card, (counts.get(card) ?? 0) + 1);
  }
  const { user, system } = process.cpuUsage(cpu);
  return rounded((user + system) / PAYMENTS);
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
