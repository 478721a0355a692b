import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TransactionView } from '../../admin-api/transaction-view.ts';
import { type PopRow, popControl, type VisaRow, visaControl } from '../../simulators/index.ts';
import type { StartConfig } from '../config/schema.ts';
import { DeployError } from '../errors.ts';
import type { Progress } from './progress.ts';
import type { System } from './system.ts';
import { waitUntil } from './wait-until.ts';

const PURCHASE = { card: '4242424242424242', pin: '1234', amount: '25.00', currency: '978' };
const TERMINAL = { terminal: 'TERM0001', merchant: 'MERCHANT0000001' };
const LATEST_ROWS = '20';
const ANSWER_WITHIN_MS = 20_000;
/** A proof is final at its second block; one more is grace. */
const BLOCKS_TO_FINALITY = 3;

export interface FirstPurchase {
  readonly config: StartConfig;
  readonly system: System;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** What the terminal simulator prints of an exchange with `--json`. */
interface Exchange {
  approved: boolean;
  reason?: string;
  stan: string;
  code?: string;
  rrn?: string;
  approvalCode?: string;
  macVerified?: boolean;
  ms: number;
}

/**
 * Sends one purchase with a PIN block and a MAC from the terminal simulator, a process of its own, over TCP, and
 * follows both legs to their final states: in the journal, and in the books of the two counterparts.
 * @throws {DeployError} DEP_PURCHASE_FAILED
 */
export async function firstPurchase(order: FirstPurchase): Promise<void> {
  const { progress, system } = order;
  const { amount, card } = PURCHASE;
  progress.say(
    `\nFirst purchase: ${amount} €, card ${card.slice(0, 6)}******${card.slice(-4)} with PIN, ` +
      `${TERMINAL.terminal} → TCP 127.0.0.1:${system.ports.iso87}`,
  );
  const exchange = await progress.step('0100 sent', () => purchase(order), describeReply);
  const id = await transactionOf(order, exchange);
  const visa = await progress.step('network leg', () => visaLeg(order, id), describeVisa);
  const pop = await progress.step('PoP leg, final after two blocks', () => popLeg(order, id), describePop);
  const journal = await progress.step('journal', () => settledInJournal(order, id), describeJournal);
  if (visa.amount !== journal.amount.minorUnits || pop.amount !== journal.amount.minorUnits) {
    throw new DeployError('DEP_PURCHASE_FAILED', {
      reason: 'the ledgers and the journal differ in the amount',
    });
  }
}

async function purchase({ config, system, signal }: FirstPurchase): Promise<Exchange> {
  const options = {
    ...TERMINAL,
    ...PURCHASE,
    host: '127.0.0.1',
    port: String(system.ports.iso87),
    records: join(config.dataDir, 'terminal'),
  };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const cli = join(import.meta.dirname, '../cli/etika-switch.js');
  const run = promisify(execFile);
  const args = [cli, 'terminal', 'purchase', '--json', ...flags];
  const printed = await run(process.execPath, args, { signal, timeout: ANSWER_WITHIN_MS }).catch(
    (error: Error & { stdout?: string; stderr?: string }) => {
      if (error.stdout) return { stdout: error.stdout };
      throw new DeployError('DEP_PURCHASE_FAILED', { reason: error.stderr || error.message }, error);
    },
  );
  const exchange = JSON.parse(printed.stdout) as Exchange;
  if (exchange.approved) return exchange;
  const outcome = exchange.code ? `declined with DE39 ${exchange.code}` : `no answer (${exchange.reason})`;
  throw new DeployError('DEP_PURCHASE_FAILED', { reason: outcome });
}

/** The id that the switch gave the purchase: PoP was told it, and the journal knows whose it is. */
function transactionOf(order: FirstPurchase, { rrn, stan }: Exchange): Promise<string> {
  const { system, signal } = order;
  const ledger = popControl(system.pop.controlUrl);
  return waitUntil('the purchase in the PoP simulator’s ledger', ANSWER_WITHIN_MS, signal, async () => {
    const { rows } = await ledger.ledger({ kind: 'initiated', limit: LATEST_ROWS });
    for (const { transactionId } of rows.reverse()) {
      const view = await journalled(order, transactionId);
      if (view.rrn === rrn && view.stan === stan && view.terminal === TERMINAL.terminal) return transactionId;
    }
    return undefined;
  });
}

async function journalled({ system }: FirstPurchase, id: string): Promise<TransactionView> {
  const response = await fetch(`${system.adminUrl}/api/v1/transactions/${id}`);
  if (!response.ok) throw new Error(`the admin API answered ${response.status}`);
  return (await response.json()) as TransactionView;
}

async function visaLeg(order: FirstPurchase, id: string): Promise<VisaRow> {
  const { system, signal } = order;
  const ledger = visaControl(system.visa.controlUrl);
  const { rrn } = (await journalled(order, id)).legs.network;
  return waitUntil('the purchase in the Visa simulator’s ledger', ANSWER_WITHIN_MS, signal, async () => {
    const { rows } = await ledger.ledger({ rrn, kind: 'authorised' });
    return rows.at(-1);
  });
}

function popLeg({ config, system, signal }: FirstPurchase, id: string): Promise<PopRow> {
  const ledger = popControl(system.pop.controlUrl);
  return waitUntil(
    'the proof validated in the PoP simulator’s ledger',
    finalityMs(config),
    signal,
    async () => {
      const { rows } = await ledger.ledger({ transactionId: id, kind: 'validated' });
      return rows.at(-1);
    },
  );
}

function settledInJournal(order: FirstPurchase, id: string): Promise<TransactionView> {
  const { config, signal } = order;
  return waitUntil('both legs final in the journal', finalityMs(config), signal, async () => {
    const view = await journalled(order, id);
    return view.legs.network.state === 'approved' && view.legs.pop.state === 'validated' ? view : undefined;
  });
}

function finalityMs({ simulators }: StartConfig): number {
  return BLOCKS_TO_FINALITY * simulators.popBlockMs + ANSWER_WITHIN_MS;
}

function describeReply({ code, approvalCode, rrn, stan, macVerified, ms }: Exchange): string {
  const mac = macVerified ? 'MAC verified' : 'no MAC';
  return `0110 answers ${code} approved, DE38 ${approvalCode}, STAN ${stan}, RRN ${rrn}, ${mac}, after ${Math.round(ms)} ms`;
}

function describeVisa({ kind, code, amount, currency, card }: VisaRow): string {
  return `network leg: Visa’s own ledger says ${kind} ${code}, ${amount} ${currency}, ${card.masked}`;
}

function describePop({ kind, amount, currency, validationId }: PopRow): string {
  return `PoP leg: PoP’s own ledger says ${kind}, ${amount} ${currency}, validation ${validationId}`;
}

function describeJournal({ id, legs, history }: TransactionView): string {
  const steps = history.map(({ kind }) => kind).join(' → ');
  return `journal: ${id} network ${legs.network.state}, PoP ${legs.pop.state}; ${steps}`;
}
