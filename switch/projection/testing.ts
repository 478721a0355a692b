import { Client } from 'pg';
import type { TransactionKind } from '../../connectors/index.ts';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import type { Journal } from '../journal/journal.ts';
import { createJournal, type PostgresJournal } from '../journal/postgres-journal.ts';
import type { DecidedBody, EntryBodies, EntryKind, OpeningBody } from '../transaction/entries.ts';
import { Projector, type ProjectorSettings } from './projector.ts';

/** A node's journal on a test's own database. */
export function testJournal(databaseUrl: string, node = 'node-1'): Promise<PostgresJournal> {
  return createJournal({
    databaseUrl,
    node,
    clock: systemClock,
    log: silentLog,
    maxWaiting: 100_000,
    appendDeadlineMs: 10_000,
    leaseMs: 60_000,
    onFenced: () => {},
  });
}

export function testProjector(databaseUrl: string, settings: Partial<ProjectorSettings> = {}): Projector {
  const around = {
    databaseUrl,
    clock: systemClock,
    log: silentLog,
    cutOverHour: 0,
    finalityMs: 0,
    pollMs: 5,
    openAfterMs: 0,
  };
  return new Projector({ ...around, ...settings });
}

let numbers = 0;

export interface Wanted {
  readonly kind?: TransactionKind;
  readonly minorUnits?: number;
  readonly currency?: string;
  readonly terminal?: string;
  readonly network?: string;
  readonly enrolled?: boolean;
}

export function opening(wanted: Wanted = {}): OpeningBody {
  const { kind = 'purchase', minorUnits = 2_500, currency = '978', terminal = 'TERM0001' } = wanted;
  numbers += 1;
  const stan = String(numbers % 1_000_000).padStart(6, '0');
  return {
    facts: {
      transaction: timeOrderedUuid(systemClock, systemRandom),
      kind,
      processingCode: '000000',
      amount: { minorUnits, currency },
      transmittedAt: '1123120000',
      stan,
      localTime: '120000',
      localDate: '1123',
      merchantCategory: '5411',
      posEntryMode: '051',
      posConditionCode: '00',
      acquirer: '123456',
      rrn: `632812${stan}`,
      terminal,
      merchant: 'MERCHANT0000001',
      maskedPan: '424242******4242',
    },
    listener: 'terminals-ascii',
    network: wanted.network ?? 'visa',
    panCiphertext: '',
    cardReference: '0011223344556677',
    pop: wanted.enrolled === false ? null : { consumer: 'c', merchant: 'm', receiptHash: 'h' },
  };
}

export function decided(approved: boolean, overrides: Partial<DecidedBody> = {}): DecidedBody {
  return {
    network: approved ? { status: 'approved', code: '00' } : { status: 'refused', code: '51' },
    pop: { status: 'accepted', validation: 'v-1' },
    approved,
    reply: { code: approved ? '00' : '51', rrn: '' },
    followUps: [],
    ...overrides,
  };
}

type Step = { [K in EntryKind]: { kind: K; body: EntryBodies[K] } }[EntryKind];

/** Writes a transaction's entries in order. @returns its id */
export async function journalSteps(
  journal: Journal,
  transaction: string,
  steps: readonly Step[],
  from = 1,
): Promise<string> {
  for (const [index, { kind, body }] of steps.entries()) {
    const { status } = await journal.append({ transaction, version: from + index, kind, body });
    if (status !== 'appended') throw new Error(`${kind} was ${status}`);
  }
  return transaction;
}

/** A transaction that was asked for and decided, and what came after. */
export function journalTransaction(
  journal: Journal,
  wanted: Wanted = {},
  decision: DecidedBody = decided(true),
  more: readonly Step[] = [],
): Promise<string> {
  const body = opening(wanted);
  const steps: Step[] = [{ kind: 'intended', body }, { kind: 'decided', body: decision }, ...more];
  return journalSteps(journal, body.facts.transaction, steps);
}

/** Every row of a query, as JSON has them. */
export async function rowsOf<Row>(databaseUrl: string, query: string, role?: string): Promise<Row[]> {
  const options = role === undefined ? {} : { options: `-c role=${role}` };
  const client = new Client({ connectionString: databaseUrl, ...options });
  await client.connect();
  try {
    const { rows } = await client.query<{ row: Row }>(`select row_to_json(r) as row from (${query}) r`);
    return rows.map(({ row }) => row);
  } finally {
    await client.end();
  }
}
