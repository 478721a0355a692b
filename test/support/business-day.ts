import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Address, systemClock } from '../../runtime/index.ts';
import { SeededRandom } from '../../simulation/world/seeded-random.ts';
import {
  createTerminal,
  type Exchange,
  type iso87Control,
  type Original,
  openRecords,
  type popControl,
  type Settlement,
  type Terminal,
  type TerminalDialect,
  type TerminalRecords,
  type visaControl,
} from '../../simulators/index.ts';

/** What a day happens on: a switch, and the controls of its counterparts. */
export interface DaySystem {
  readonly ascii: Address;
  readonly bcd: Address;
  readonly visa: ReturnType<typeof visaControl>;
  readonly iso87: ReturnType<typeof iso87Control>;
  readonly pop: ReturnType<typeof popControl>;
}

export interface DayPlan {
  readonly transactions: number;
  readonly seed: number;
  /** Where the terminals keep their records. */
  readonly folder: string;
  readonly onProgress?: (done: number) => void;
}

export interface Day {
  /** How often each thing was done. */
  readonly done: ReadonlyMap<string, number>;
  /** DE39 of the answers; 'none' where there was none. */
  readonly codes: ReadonlyMap<string, number>;
  readonly seconds: number;
  /** Closes every terminal's last batches. @returns all of the day's */
  settle(): Promise<Settlement[]>;
  close(): Promise<void>;
}

const TERMINALS = 10;
/** After so many transactions a terminal closes its batches: one holds 999 sales at most. */
const SHIFT = 500;
const ANSWER_WITHIN_MS = 10_000;
const ATTEMPTS = 30;
const TRY_AGAIN_MS = 200;

/** Cards of two networks. One is always declined, one is authorised and never answered. */
const CARDS: readonly (readonly [card: string, weight: number])[] = [
  ['4242424242424242', 30],
  ['4111111111111111', 20],
  ['5555555555554444', 30],
  ['5105105105105100', 15],
  ['4000000000000002', 4],
  ['4000000000000036', 0.4],
];
const CURRENCIES: readonly (readonly [currency: string, weight: number])[] = [
  ['978', 84],
  ['392', 10], // no decimals
  ['414', 6], // three decimals
];

/** A day of transactions of all kinds over two networks, with faults on every link while it goes on. */
export async function runDay(system: DaySystem, plan: DayPlan): Promise<Day> {
  const startedAt = systemClock.monotonic();
  const done = new Map<string, number>();
  const codes = new Map<string, number>();
  const tellers = await Promise.all(
    Array.from({ length: TERMINALS }, (_, index) => openTeller(system, plan, index, { done, codes })),
  );
  let begun = 0;
  const faults = dayFaults(system, Math.ceil(plan.transactions / 2_000));
  const work = async (teller: Teller) => {
    while (begun < plan.transactions) {
      begun += 1;
      const number = begun;
      await faults.upTo(number / plan.transactions);
      await teller.next();
      if (number % 500 === 0) plan.onProgress?.(number);
    }
  };
  await Promise.all(tellers.map(work));
  await faults.upTo(2);
  return {
    done,
    codes,
    seconds: (systemClock.monotonic() - startedAt) / 1_000,
    async settle() {
      const settled = await Promise.all(tellers.map((teller) => teller.settle()));
      return settled.flat();
    },
    async close() {
      await Promise.all(tellers.map((teller) => teller.close()));
    },
  };
}

interface Counts {
  readonly done: Map<string, number>;
  readonly codes: Map<string, number>;
}

/** Who stands at one terminal, does one thing after another, and closes its batches after each shift. */
interface Teller {
  next(): Promise<void>;
  settle(): Promise<Settlement[]>;
  close(): Promise<void>;
}

type Act = (desk: Desk) => Promise<void>;

interface Desk {
  readonly terminal: Terminal;
  readonly random: SeededRandom;
  /** Does a thing that must become certain: what is not answered is reversed until that is acknowledged. */
  certain(exchange: Promise<Exchange>): Promise<Exchange>;
  order(): { card: string; amount: number; currency: string };
}

async function openTeller(
  { ascii, bcd }: DaySystem,
  { folder, seed }: DayPlan,
  index: number,
  counts: Counts,
): Promise<Teller> {
  const name = `TERM${String(index + 1).padStart(4, '0')}`;
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  const records = await openRecords(own);
  const dialect: TerminalDialect = index % 2 === 0 ? 'iso87-ascii' : 'pos-bcd';
  const terminal = createTerminal({
    dialect,
    records,
    terminal: name,
    timeoutMs: ANSWER_WITHIN_MS,
    address: dialect === 'iso87-ascii' ? ascii : bcd,
  });
  const random = new SeededRandom(seed, name);
  const desk: Desk = {
    terminal,
    random,
    certain: (exchange) => makeCertain(terminal, exchange, counts),
    order: () => ({
      card: weighted(CARDS, random),
      amount: 100 + random.integer(20_000),
      currency: weighted(CURRENCIES, random),
    }),
  };
  const settled: Settlement[] = [];
  let served = 0;
  const settle = async () => {
    for (const [currency] of CURRENCIES) settled.push(await settleBatch(terminal, currency));
    return settled;
  };
  return {
    async next() {
      const [what, act] = weighted(ACTS, random);
      counts.done.set(what, (counts.done.get(what) ?? 0) + 1);
      await act(desk);
      served += 1;
      if (served % SHIFT === 0) await settle();
    },
    settle,
    close: () => closeTeller(terminal, records),
  };
}

/** Settles until the answer is about the batch: 96 says that the switch could not count in time. */
async function settleBatch(terminal: Terminal, currency: string): Promise<Settlement> {
  let settlement = await terminal.settle(currency);
  for (let attempt = 1; attempt < ATTEMPTS && settlement.exchanges.at(-1)?.code === '96'; attempt += 1) {
    await pause();
    settlement = await terminal.settle(currency);
  }
  return settlement;
}

function pause(): Promise<void> {
  return new Promise((resolve) => systemClock.after(TRY_AGAIN_MS, resolve));
}

async function closeTeller(terminal: Terminal, records: TerminalRecords): Promise<void> {
  terminal.close();
  await records.ledger.close();
}

async function makeCertain(
  terminal: Terminal,
  asked: Promise<Exchange>,
  { codes }: Counts,
): Promise<Exchange> {
  const exchange = await asked;
  const code = exchange.code ?? 'none';
  codes.set(code, (codes.get(code) ?? 0) + 1);
  if (exchange.outcome === 'answered' && exchange.macVerified !== false) return exchange;
  let repeat: { stan: string } | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const reversed = await terminal.reverse(originalOf(exchange), undefined, repeat);
    if (reversed.approved) return exchange;
    repeat = { stan: reversed.stan };
    await pause();
  }
  throw new Error(`${exchange.terminal} cannot make STAN ${exchange.stan} certain`);
}

/** What is about an earlier payment is told until it is answered for good: under the same numbers, for one effect. */
async function told(desk: Desk, tell: Promise<Exchange>): Promise<void> {
  let exchange = await tell;
  for (let attempt = 1; attempt < ATTEMPTS && !isForGood(exchange); attempt += 1) {
    await pause();
    exchange = await desk.terminal.repeat();
  }
  if (!isForGood(exchange)) throw new Error(`${exchange.mti} ${exchange.stan} was not answered for good`);
}

function isForGood({ outcome, macVerified, code = '' }: Exchange): boolean {
  return outcome === 'answered' && macVerified !== false && code !== '91' && code !== '96';
}

const buy: Act = async (desk) => void (await desk.certain(desk.terminal.purchase(desk.order())));

const ACTS: readonly (readonly [act: readonly [what: string, act: Act], weight: number])[] = [
  [['purchase', buy], 45],
  [['void', (desk) => afterPurchase(desk, (bought) => told(desk, desk.terminal.void(bought)))], 7],
  [['reversal', (desk) => afterPurchase(desk, (bought) => told(desk, desk.terminal.reverse(bought)))], 6],
  [
    [
      'partial reversal',
      (desk) =>
        afterPurchase(desk, (bought) =>
          told(desk, desk.terminal.reverse(bought, Math.ceil(bought.amount / 3))),
        ),
    ],
    5,
  ],
  [['refund', (desk) => afterPurchase(desk, (bought, order) => refundOf(desk, bought, order))], 5],
  [['cash', async (desk) => void (await desk.certain(desk.terminal.request('cash', desk.order())))], 5],
  [
    [
      'cashback',
      async (desk) => {
        const order = { ...desk.order(), cashback: 50 };
        await desk.certain(desk.terminal.request('cashback', order));
      },
    ],
    4,
  ],
  [
    [
      'goodwill refund',
      async (desk) => void (await desk.certain(desk.terminal.request('refund', desk.order()))),
    ],
    3,
  ],
  [['completion', (desk) => preauthorise(desk, (amount) => Math.ceil(amount * 0.8))], 8],
  [['pre-authorisation', (desk) => preauthorise(desk, () => undefined)], 3],
  [['offline', async (desk) => told(desk, desk.terminal.request('offline', desk.order()))], 4],
  [['balance', async (desk) => void (await desk.terminal.request('balance', desk.order()))], 3],
  [['verification', async (desk) => void (await desk.terminal.request('verify', desk.order()))], 2],
];

type Order = ReturnType<Desk['order']>;

async function afterPurchase(
  desk: Desk,
  next: (bought: Original, order: Order) => Promise<void>,
): Promise<void> {
  const order = desk.order();
  const bought = await desk.certain(desk.terminal.purchase(order));
  if (bought.approved) await next(originalOf(bought), order);
}

async function refundOf(desk: Desk, bought: Original, order: Order): Promise<void> {
  const amount = Math.max(1, Math.floor(bought.amount / 2));
  const rrn = bought.rrn === undefined ? {} : { rrn: bought.rrn };
  await desk.certain(desk.terminal.request('refund', { ...order, amount, ...rrn }));
}

async function preauthorise(desk: Desk, captured: (amount: number) => number | undefined): Promise<void> {
  const order = desk.order();
  const held = await desk.certain(desk.terminal.request('preauth', order));
  const amount = held.approved ? captured(held.amount ?? 0) : undefined;
  if (amount === undefined) return;
  await told(desk, desk.terminal.complete(originalOf(held), { ...order, amount }));
}

function originalOf(exchange: Exchange): Original {
  const { mti, stan, time = '', processingCode = '', amount = 0, currency = '' } = exchange;
  const { rrn, approvalCode } = exchange;
  return {
    mti,
    stan,
    time,
    processingCode,
    amount,
    currency,
    ...(rrn === undefined ? {} : { rrn }),
    ...(approvalCode === undefined ? {} : { approvalCode }),
  };
}

/**
 * What goes wrong in the course of the day, by the part of it that is over.
 * @param times how often each fault strikes, in units of what suits two thousand transactions
 */
function dayFaults({ visa, iso87, pop }: DaySystem, times: number) {
  const onVisa = scripts(visa, times);
  const onIso87 = scripts(iso87, times);
  const onPop = scripts(pop, times);
  const plan: (readonly [at: number, fault: () => Promise<unknown>])[] = [
    [0.04, onVisa({ next: 10, scenario: { action: 'duplicate' } })],
    [0.08, onIso87({ next: 3, scenario: { action: 'silence' } })],
    [0.12, onPop({ next: 5, scenario: { action: 'reject' } })],
    [0.16, onVisa({ next: 3, scenario: { action: 'late', ms: 900 } })],
    [0.2, onIso87({ on: 'reversal', next: 3, scenario: { action: 'silence', lost: 'request' } })],
    [0.24, onVisa({ next: 8, scenario: { action: 'partial', percent: 60 } })],
    [0.28, () => pop.down()],
    [0.34, () => pop.up()],
    [0.38, onIso87({ next: 3, scenario: { action: 'wrong-stan' } })],
    [0.42, onVisa({ on: 'reversal', next: 1, scenario: { action: 'decline', code: '12' } })],
    [0.46, () => visa.down()],
    [0.5, () => visa.up()],
    [0.54, onPop({ next: 3, scenario: { action: 'expire' } })],
    [0.58, onIso87({ on: 'advice', next: 1, scenario: { action: 'decline', code: '12' } })],
    [0.62, onIso87({ on: 'advice', next: 2, scenario: { action: 'silence' } })],
    [0.66, onIso87({ next: 2, scenario: { action: 'drop' } })],
    [0.7, onPop({ next: 4, scenario: { action: 'silence' } })],
    [0.74, () => iso87.down()],
    [0.78, () => iso87.up()],
    [0.82, onPop({ on: 'cancel', next: 3, scenario: { action: 'error', lost: 'answer' } })],
    [0.86, onVisa({ next: 5, scenario: { action: 'decline', code: '51' } })],
    [0.9, onPop({ next: 4, scenario: { action: 'reject-later' } })],
    [0.94, () => visa.dropLinks()],
  ];
  let next = 0;
  return {
    async upTo(part: number): Promise<void> {
      for (; (plan[next]?.[0] ?? 3) <= part; ) {
        const [, fault] = plan[next] ?? [];
        next += 1;
        await fault?.();
      }
    },
  };
}

/** Scripts for a counterpart that strike so many times as often. */
function scripts<Rule extends { readonly next?: number }>(
  peer: { readonly script: (rule: Rule) => Promise<unknown> },
  times: number,
) {
  return (rule: Rule) => () => peer.script({ ...rule, next: (rule.next ?? 1) * times });
}

function weighted<T>(choices: readonly (readonly [choice: T, weight: number])[], random: SeededRandom): T {
  const sum = choices.reduce((total, [, weight]) => total + weight, 0);
  let rest = (random.integer(1_000_000) / 1_000_000) * sum;
  for (const [choice, weight] of choices) {
    rest -= weight;
    if (rest < 0) return choice;
  }
  const last = choices.at(-1);
  if (!last) throw new Error('there is nothing to choose from');
  return last[0];
}
