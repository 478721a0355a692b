/**
 * How the bodies of the usual entries are written: their values in a fixed order, without the names, which repeat in
 * every row; hashes and UUIDs in base64url; a text that the body has already by its place; what is absent at the end
 * left out. A purchase takes 540 bytes instead of 1,190, in the table and in the log.
 *
 * A body is an object, so an array is one in this form: `[1, …]`, read by the table of its kind. What a table does not
 * know is written as it is: nothing is ever lost in it. A form only grows at its end; one that changed otherwise would
 * have another number. Compression by the server was rejected: a body is too short to repeat itself. A batch is in this
 * form for another reason: two thousand members and a hundred differences must fit into one entry.
 */
import { DAY_MS } from '../../runtime/index.ts';
import { JournalError } from './journal.ts';

/**
 * `text` is a string, which others may repeat; `hash` one of 64 hexadecimal digits; `own` the transaction itself;
 * `date` a date as its number of days; `members` are names of 22 characters, one behind the other.
 */
type Slot = 'plain' | 'text' | 'hash' | 'uuid' | 'own' | 'date' | 'members' | Form | { readonly each: Form };
type Form = readonly (readonly [name: string, slot: Slot])[];
type Fields = Readonly<Record<string, unknown>>;

const NUMBER = 1;

const amount: Form = [
  ['minorUnits', 'plain'],
  ['currency', 'text'],
];
const facts: Form = [
  ...([
    ['transaction', 'own'],
    ['kind', 'text'],
    ['processingCode', 'text'],
    ['amount', amount],
  ] as const),
  ...(['transmittedAt', 'stan', 'localTime', 'localDate', 'merchantCategory'] as const).map(text),
  ...(['posEntryMode', 'posConditionCode', 'acquirer', 'rrn', 'terminal', 'merchant'] as const).map(text),
  ...([
    ['maskedPan', 'text'],
    ['cashbackMinorUnits', 'plain'],
    ['addsTo', 'plain'],
    ['networkRrn', 'text'],
    ['networkStan', 'text'],
    ['hold', 'plain'],
  ] as const),
];
const parties: Form = [
  ['consumer', 'hash'],
  ['merchant', 'text'],
  ['receiptHash', 'hash'],
];
const network: Form = [
  ...(['status', 'code', 'approvalCode', 'networkReference', 'emvHex', 'reason'] as const).map(text),
  ...(['approvedMinorUnits', 'balances', 'standIn', 'fault'] as const).map(plain),
];
const reply: Form = [
  ...(['code', 'rrn', 'approvalCode', 'emvHex'] as const).map(text),
  ...(['approvedMinorUnits', 'balances', 'keys'] as const).map(plain),
];
const proof: Form = [
  ['status', 'text'],
  ['validation', 'uuid'],
  ['reason', 'text'],
];

const totals: Form = ['sales', 'refunds'].map((side) => [side, ['count', 'minorUnits'].map(plain)]);
const difference: Form = [
  ['kind', 'text'],
  ['transaction', 'uuid'],
  ...(['stan', 'rrn'] as const).map(text),
  ...(['terminalMinorUnits', 'switchMinorUnits'] as const).map(plain),
];

/** By kind. */
const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  [
    'intended',
    [
      ['facts', facts],
      ['listener', 'text'],
      ['network', 'text'],
      ['panCiphertext', 'text'],
      ['cardReference', 'hash'],
      ['pop', parties],
      ['businessDate', 'date'],
      ['fraud', 'plain'],
      ['untied', 'plain'],
    ],
  ],
  [
    'decided',
    [
      ['network', network],
      ['pop', proof],
      ['approved', 'plain'],
      ['reply', reply],
      ['followUps', 'plain'],
      ['caseKind', 'text'],
      ['leavesProof', 'plain'],
    ],
  ],
  ['pop-validated', [['validation', 'uuid']]],
  ['pop-cancelled', [['validation', 'uuid']]],
  [
    'batch-closed',
    [
      ['key', 'text'],
      ['reply', reply],
      ...(['listener', 'terminal', 'merchant', 'currency', 'number'] as const).map(text),
      ...([
        ['terminalTotals', totals],
        ['switchTotals', totals],
        ['countedTo', 'plain'],
        ['ordinal', 'plain'],
        ['members', 'members'],
        ['differences', { each: difference }],
        ['businessDate', 'date'],
        ['acquirer', 'text'],
      ] as const),
    ],
  ],
]);

function text(name: string): readonly [string, Slot] {
  return [name, 'text'];
}

function plain(name: string): readonly [string, Slot] {
  return [name, 'plain'];
}

const ABSENT = {};
const OWN = 0;
const HASH = /^[0-9a-f]{64}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HASH_LENGTH = 43;
const UUID_LENGTH = 22;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const MEMBER_LENGTH = 22;
/** What is shorter is not worth to be named by its place. */
const REPEATED_FROM = 6;

class Unfit extends Error {}

/** The body as JSON text, in the form of its kind where it has one and fits. */
export function bodyText(kind: string, body: object, transaction: string): string | undefined {
  const form = FORMS.get(kind);
  if (!form) return JSON.stringify(body);
  try {
    return JSON.stringify([NUMBER, ...new Writing(transaction).fields(form, body as Fields)]);
  } catch (error) {
    if (error instanceof Unfit) return JSON.stringify(body);
    throw error;
  }
}

/** The body as it was appended, of what the database holds. @throws JournalError SW_JOURNAL_ENTRY */
export function bodyOf(kind: string, stored: unknown, transaction: string): unknown {
  if (!Array.isArray(stored)) return stored;
  const form = FORMS.get(kind);
  if (!form || stored[0] !== NUMBER) {
    throw new JournalError('SW_JOURNAL_ENTRY', 'no', { path: 'body', form: String(stored[0]) });
  }
  return new Reading(transaction).fields(form, stored, 1);
}

/** What a reader makes of a stored body: the body, or why this release cannot read it. */
export type ReadBody = { readonly body: unknown } | { readonly unread: JournalError };

/** As `bodyOf`, for whoever reads many: one that cannot be read is the outcome of its own row. */
export function readBody(kind: string, stored: unknown, transaction: string): ReadBody {
  try {
    return { body: bodyOf(kind, stored, transaction) };
  } catch (error) {
    if (error instanceof JournalError) return { unread: error };
    const detail = { path: 'body', kind };
    return { unread: new JournalError('SW_JOURNAL_ENTRY', 'no', detail, { cause: error }) };
  }
}

class Writing {
  readonly #transaction: string;
  readonly #texts: string[] = [];

  constructor(transaction: string) {
    this.#transaction = transaction;
  }

  /** @throws Unfit */
  fields(form: Form, fields: Fields): unknown[] {
    const written: unknown[] = [];
    let known = 0;
    let end = 0;
    for (const [name, slot] of form) {
      const value = fields[name];
      if (value !== undefined) known += 1;
      written.push(value === undefined ? ABSENT : this.#value(slot, value));
      if (value !== undefined) end = written.length;
    }
    for (const name in fields) if (fields[name] !== undefined) known -= 1;
    if (known !== 0) throw new Unfit();
    written.length = end;
    return written;
  }

  #value(slot: Slot, value: unknown): unknown {
    if (value === null) return null;
    switch (slot) {
      case 'plain':
        if (isAbsent(value)) throw new Unfit();
        return value;
      case 'own':
        if (value !== this.#transaction) throw new Unfit();
        return OWN;
      case 'text':
      case 'hash':
      case 'uuid':
        if (typeof value !== 'string') throw new Unfit();
        return this.#text(slot, value);
      case 'date':
        return daysOf(value);
      case 'members':
        return joined(value);
      default:
        return 'each' in slot ? this.#list(slot.each, value) : this.#nested(slot, value);
    }
  }

  #nested(form: Form, value: unknown): unknown[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Unfit();
    return this.fields(form, value as Fields);
  }

  #list(form: Form, value: unknown): unknown[] {
    if (!Array.isArray(value)) throw new Unfit();
    return value.map((each) => this.#nested(form, each));
  }

  #text(slot: 'text' | 'hash' | 'uuid', value: string): string | number {
    if (value.length >= REPEATED_FROM) {
      const place = this.#texts.indexOf(value);
      if (place >= 0) return place;
      this.#texts.push(value);
    }
    if (slot === 'hash') return packed(value, HASH, HASH_LENGTH);
    return slot === 'uuid' ? packed(value, UUID, UUID_LENGTH) : value;
  }
}

function packed(value: string, shape: RegExp, length: number): string {
  if (shape.test(value)) return Buffer.from(value.replaceAll('-', ''), 'hex').toString('base64url');
  if (value.length === length) throw new Unfit();
  return value;
}

function daysOf(value: unknown): number {
  if (typeof value !== 'string' || !DATE.test(value)) throw new Unfit();
  const days = Date.parse(value) / DAY_MS;
  if (!Number.isInteger(days) || dateOf(days) !== value) throw new Unfit();
  return days;
}

function joined(value: unknown): string {
  if (!Array.isArray(value)) throw new Unfit();
  if (!value.every((each) => typeof each === 'string' && each.length === MEMBER_LENGTH)) throw new Unfit();
  return value.join('');
}

class Reading {
  readonly #transaction: string;
  readonly #texts: string[] = [];

  constructor(transaction: string) {
    this.#transaction = transaction;
  }

  fields(form: Form, written: readonly unknown[], from: number): Fields {
    const fields: Record<string, unknown> = {};
    for (let at = from; at < written.length; at += 1) {
      const [name, slot] = form[at - from] ?? [];
      const value = written[at];
      if (name === undefined || slot === undefined) {
        throw new JournalError('SW_JOURNAL_ENTRY', 'no', { path: 'body', form: NUMBER });
      }
      if (!isAbsent(value)) fields[name] = this.#value(slot, value);
    }
    return fields;
  }

  #value(slot: Slot, value: unknown): unknown {
    if (value === null) return null;
    if (slot === 'plain') return value;
    if (slot === 'own') return this.#transaction;
    if (slot === 'date') return dateOf(Number(value));
    if (slot === 'members') return String(value).match(/.{22}/gs) ?? [];
    if (typeof slot !== 'string') return this.#nested(slot, value as readonly unknown[]);
    return typeof value === 'number' ? this.#texts[value] : this.#text(slot, String(value));
  }

  #nested(slot: Form | { readonly each: Form }, written: readonly unknown[]): unknown {
    if (!('each' in slot)) return this.fields(slot, written, 0);
    return written.map((each) => this.fields(slot.each, each as readonly unknown[], 0));
  }

  #text(slot: 'text' | 'hash' | 'uuid', value: string): string {
    let read = value;
    if (slot === 'hash' && value.length === HASH_LENGTH) read = hexOf(value);
    if (slot === 'uuid' && value.length === UUID_LENGTH) read = uuidOf(value);
    if (read.length >= REPEATED_FROM) this.#texts.push(read);
    return read;
  }
}

function isAbsent(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}

function dateOf(days: number): string {
  return new Date(days * DAY_MS).toISOString().slice(0, 10);
}

function hexOf(value: string): string {
  return Buffer.from(value, 'base64url').toString('hex');
}

function uuidOf(value: string): string {
  const hex = hexOf(value);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
