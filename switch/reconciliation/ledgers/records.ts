import { isKnownCurrency } from '../../config/currency.ts';
import { ReconError } from '../errors.ts';

/** What stands of a transaction at a network, or what one line of its ledger does to it. Minor units. */
export interface Standing {
  readonly held: number;
  readonly captured: number;
  readonly refunded: number;
}

/** One line of a network's ledger or clearing file. Moves may be negative; lines of a transaction add up. */
export interface NetworkRecord extends Standing {
  readonly network: string;
  readonly terminal: string;
  readonly rrn: string;
  readonly stan: string;
  /** DE7, MMDDhhmmss in UTC; empty where the file has none. */
  readonly transmitted: string;
  /** RFC 3339. */
  readonly at: string;
  /** ISO 4217 numeric. */
  readonly currency: string;
}

export type ProofStatus = 'pending' | 'validated' | 'rejected' | 'expired' | 'cancelled';

/** One line of the consensus's ledger; the latest line of a validation says how it stands. */
export interface ProofRecord {
  readonly transaction: string;
  readonly validation: string;
  readonly status: ProofStatus;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly at: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Where a record was read: for the error that names it. */
export interface Place {
  readonly source: string;
  readonly line: number;
}

const MAX_TEXT = 64;
const MAX_MINOR_UNITS = 1e15;
const PROOF_STATUSES: readonly string[] = ['pending', 'validated', 'rejected', 'expired', 'cancelled'];

/**
 * @param network the ledger's own, for records that name none
 * @throws ReconError SW_RECON_RECORD
 */
export function networkRecord(fields: Fields, place: Place, network?: string): NetworkRecord {
  const read = fieldReader(fields, place);
  return {
    network: read.optionalText('network') || network || read.text('network'),
    terminal: read.text('terminal'),
    rrn: read.text('rrn'),
    stan: read.text('stan'),
    transmitted: read.optionalText('transmitted'),
    at: read.moment('at'),
    currency: read.currency('currency'),
    held: read.minorUnits('held'),
    captured: read.minorUnits('captured'),
    refunded: read.minorUnits('refunded'),
  };
}

/** @throws ReconError SW_RECON_RECORD */
export function proofRecord(fields: Fields, place: Place): ProofRecord {
  const read = fieldReader(fields, place);
  const status = read.text('status');
  if (!PROOF_STATUSES.includes(status)) throw read.fault('status', `one of ${PROOF_STATUSES.join(', ')}`);
  return {
    transaction: read.text('transaction'),
    validation: read.text('validation'),
    status: status as ProofStatus,
    amount: read.minorUnits('amount'),
    currency: read.currency('currency'),
    at: read.moment('at'),
  };
}

export const NETWORK_COLUMNS = [
  'network',
  'terminal',
  'rrn',
  'stan',
  'transmitted',
  'at',
  'currency',
  'held',
  'captured',
  'refunded',
] as const;

function fieldReader(fields: Fields, { source, line }: Place) {
  const fault = (field: string, expected: string) =>
    new ReconError('SW_RECON_RECORD', { source, line, field, expected });
  const optionalText = (field: string): string => {
    const value = fields[field] ?? '';
    if (typeof value !== 'string' || value.length > MAX_TEXT) {
      throw fault(field, `text of at most ${MAX_TEXT}`);
    }
    return value.trim();
  };
  const text = (field: string): string => {
    const value = optionalText(field);
    if (value === '') throw fault(field, 'text');
    return value;
  };
  return {
    fault,
    optionalText,
    text,
    moment(field: string): string {
      const epochMs = Date.parse(text(field));
      if (Number.isNaN(epochMs)) throw fault(field, 'a moment as in RFC 3339');
      return new Date(epochMs).toISOString();
    },
    currency(field: string): string {
      const value = text(field);
      if (!isKnownCurrency(value)) throw fault(field, 'a numeric currency code that this switch knows');
      return value;
    },
    /** Absent and empty are zero. */
    minorUnits(field: string): number {
      const value = fields[field] ?? 0;
      const number = typeof value === 'string' && /^-?\d{0,16}$/.test(value) ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isInteger(number) || Math.abs(number) > MAX_MINOR_UNITS) {
        throw fault(field, 'a whole number of minor units');
      }
      return number;
    },
  };
}
