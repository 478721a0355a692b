import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { developmentKey, type PaymentHsmClient } from '../../hsm/index.ts';
import { startTestHsm, type TestHsm } from '../../hsm/testing/index.ts';
import { Pan, PinBlock } from '../../messages/index.ts';
import { type BareLoop, openBareLoop } from './bare-loop.ts';
import { costOfPurchases } from './purchases.ts';

interface Row {
  case: string;
  /** Per second; at a fixed rate, what was reached. */
  ours: number;
  bare: number | null;
  ratio: number | null;
  p99_ms: number | null;
  /** Of a purchase: microseconds of processor time in the HSM process and in its client. */
  cpu_us?: { hsm: number; client: number };
}

const ROUNDS = 5;
const ROUND_MS = 1_000;
const IN_FLIGHT = 64;
const STEADY_RATE = 2_000;
const STEADY_MS = 4_000;
const SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so';

export const HELP = `npm run bench -- hsm [options]

PIN translations through the process boundary beside a bare loop on the token, their latency at a steady rate, DUKPT
translations and ARQC verifications. Needs SoftHSM.

  --json      one JSON row a line instead of a table
  --help      this page

Example: npm run bench -- hsm --json`;

/**
 * PIN translations through the process boundary beside a bare synchronous loop, in alternating rounds of one run; then
 * their latency at a steady rate; then DUKPT translations and ARQC verifications.
 */
export async function run({ json }: { json: boolean }): Promise<void> {
  const hsm = await startTestHsm({ requestTimeoutMs: 5_000, maxInFlight: 20_000 });
  process.env['SOFTHSM2_CONF'] = hsm.env['SOFTHSM2_CONF'];
  const bare = openBareLoop(
    process.env['PKCS11_MODULE'] ?? SOFTHSM,
    hsm.env['HSM_TOKEN_LABEL'] ?? '',
    readFileSync(hsm.env['HSM_PIN_FILE'] ?? '', 'utf8').trim(),
  );
  try {
    const rows = await measure(hsm, bare);
    for (const row of rows) console.log(json ? JSON.stringify(row) : lineOf(row));
  } finally {
    bare.close();
    await hsm.stop();
  }
}

async function measure(hsm: TestHsm, bare: BareLoop): Promise<Row[]> {
  const { client } = hsm;
  const translate = translation();
  await closedLoop(() => translate(client), IN_FLIGHT, ROUND_MS);
  bare.run(ROUND_MS);
  const pairs: { ours: number; bare: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const floor = bare.run(ROUND_MS);
    pairs.push({ bare: floor, ours: (await closedLoop(() => translate(client), IN_FLIGHT, ROUND_MS)).rate });
  }
  // Each round's pair ran side by side: the median pair is the fairest on a machine that others use too.
  const middle = pairs.sort((a, b) => a.ours / a.bare - b.ours / b.bare)[Math.floor(ROUNDS / 2)];
  if (!middle) throw new Error('no rounds');
  const steady = await openLoop(() => translate(client), STEADY_RATE, STEADY_MS);
  return [
    row('PIN translation, 64 in flight', middle.ours, middle.bare, null),
    row(`PIN translation, ${STEADY_RATE} a second`, steady.rate, null, steady.p99),
    row('the same, from when it was due', steady.rate, null, steady.p99FromDue),
    await rateOf('TDES DUKPT translation, 64 in flight', () => dukptTranslation(client)),
    await rateOf('ARQC verification with ARPC, 64 in flight', () => arqcVerification(client)),
    await rateOf('retail MAC of 200 bytes, 64 in flight', () => client.generateMac('TAK/TERM0001', MAC_DATA)),
    await purchaseRow(hsm, 'purchases (open and seal), 2000 a second', false),
    await purchaseRow(hsm, 'the same, each card new', true),
  ];
}

async function purchaseRow(hsm: TestHsm, name: string, protect: boolean): Promise<Row> {
  const { rate, hsmMicroseconds, clientMicroseconds } = await costOfPurchases(hsm, pinBlock(), protect);
  const cpu_us = { hsm: Math.round(hsmMicroseconds), client: Math.round(clientMicroseconds) };
  return { ...row(name, rate, null, null), cpu_us };
}

async function rateOf(name: string, work: () => Promise<unknown>): Promise<Row> {
  const { rate, p99 } = await closedLoop(work, IN_FLIGHT, 2 * ROUND_MS);
  return row(name, rate, null, p99);
}

function row(name: string, ours: number, bare: number | null, p99: number | null): Row {
  const ratio = bare === null ? null : Number((ours / bare).toFixed(2));
  const rounded = bare === null ? null : Math.round(bare);
  return {
    case: name,
    ours: Math.round(ours),
    bare: rounded,
    ratio,
    p99_ms: p99 === null ? null : Number(p99.toFixed(2)),
  };
}

function lineOf({ case: name, ours, bare, ratio, p99_ms, cpu_us }: Row): string {
  const beside = bare === null ? '' : `  bare ${bare}/s  ratio ${ratio}`;
  const latency = p99_ms === null ? '' : `  p99 ${p99_ms} ms`;
  const cost = cpu_us ? `  CPU each: HSM ${cpu_us.hsm} µs, client ${cpu_us.client} µs` : '';
  return `${name.padEnd(44)} ${String(ours).padStart(7)}/s${beside}${latency}${cost}`;
}

/** So many requests are always on their way. */
async function closedLoop(work: () => Promise<unknown>, inFlight: number, milliseconds: number) {
  const latencies: number[] = [];
  const start = performance.now();
  const worker = async () => {
    while (performance.now() - start < milliseconds) {
      const sent = performance.now();
      await work();
      latencies.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { rate: (latencies.length * 1_000) / (performance.now() - start), p99: percentile99(latencies) };
}

/**
 * So many requests a second, whatever the answers. Told twice: from when a request was sent, and from when it was due,
 * which counts as well how late this generator was on a busy machine. It never waits for an answer, so its lateness is
 * none of the HSM's; but whoever doubts that has the other figure.
 */
async function openLoop(work: () => Promise<unknown>, rate: number, milliseconds: number) {
  const [fromSent, fromDue]: [number[], number[]] = [[], []];
  const pending: Promise<unknown>[] = [];
  const send = async (dueAt: number) => {
    const sentAt = performance.now();
    await work();
    const answeredAt = performance.now();
    fromSent.push(answeredAt - sentAt);
    fromDue.push(answeredAt - dueAt);
  };
  const start = performance.now();
  for (let sent = 0; performance.now() - start < milliseconds; ) {
    // The first is due at once.
    const due = Math.floor(((performance.now() - start) * rate) / 1_000) + 1;
    for (; sent < due; sent++) pending.push(send(start + (sent * 1_000) / rate));
    // A generator that watched the clock without a pause would be slowed by its own use of the processor.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  const reached = (fromSent.length * 1_000) / (performance.now() - start);
  return { rate: reached, p99: percentile99(fromSent), p99FromDue: percentile99(fromDue) };
}

function percentile99(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;
}

const PAN = Pan.of('4242424242424242');
const MAC_DATA = Buffer.alloc(200, 0x5a);

/** PIN 1234 in format 0 for the PAN above, under TPK/TERM0001. */
function pinBlock(): PinBlock {
  const clear = Buffer.from('041210DBDBDBDBDB', 'hex');
  const cipher = createCipheriv('des-ede-ecb', developmentKey('TPK/TERM0001'), null).setAutoPadding(false);
  return PinBlock.of(cipher.update(clear));
}

function translation(): (client: PaymentHsmClient) => Promise<unknown> {
  const block = pinBlock();
  return (client) => client.translatePin({ from: 'TPK/TERM0001', to: 'ZPK/VISA', pan: PAN, block });
}

/** ANSI X9.24-1:2009 A.4, asked again and again: within one transaction that is no replay. */
const DUKPT_PIN = {
  key: 'BDK/TDES',
  ksn: Buffer.from('FFFF9876543210EFF800', 'hex'),
  transaction: 'bench',
  block: PinBlock.of(Buffer.from('33365F5CC6F23C35', 'hex')),
};

function dukptTranslation(client: PaymentHsmClient): Promise<unknown> {
  return client.translatePinBlock({
    from: DUKPT_PIN,
    to: 'ZPK/VISA',
    toFormat: 0,
    pan: Pan.of('4012345678909'),
  });
}

/** A published example of Visa's cryptogram 10; its PAN is no account. */
const CARD = {
  version: 'VisaCVN10',
  pan: Pan.of('1234567890123456'),
  sequenceNumber: '00',
  counter: Buffer.from('001C', 'hex'),
  unpredictableNumber: Buffer.from('52BF4585', 'hex'),
  arqc: Buffer.from('29CCA15AE665FA2E', 'hex'),
};
const CARD_DATA = Buffer.from(
  '0000000040000000000000000124800004800001241911050152BF45851800001C03A06010',
  'hex',
);

async function arqcVerification(client: PaymentHsmClient): Promise<void> {
  const { valid } = await client.verifyArqc('IMK-AC/VISA', CARD, {
    data: CARD_DATA,
    status: Buffer.from('3030', 'hex'),
  });
  if (!valid) throw new Error('the published cryptogram was refused');
}
