import { ReconError } from '../errors.ts';
import {
  type Fields,
  type NetworkRecord,
  networkRecord,
  type Place,
  type ProofRecord,
  proofRecord,
} from './records.ts';

const FETCH_WITHIN_MS = 30_000;
const MAX_BYTES = 1024 * 1024 * 1024;

/**
 * The ledger of a network simulator, by its control port (`GET /ledger`).
 * @throws ReconError SW_RECON_SOURCE, SW_RECON_RECORD
 */
export async function fetchNetworkLedger(url: string, network: string): Promise<NetworkRecord[]> {
  return (await fetchRows(url)).map(({ fields, place }) => {
    const { terminal, rrn, stan, time: transmitted, at, currency } = fields;
    const moves = (fields['moves'] ?? {}) as Fields;
    const { held, captured, refunded } = moves;
    const line = { network, terminal, rrn, stan, transmitted, at, currency, held, captured, refunded };
    return networkRecord(line, place);
  });
}

/**
 * The ledger of the consensus simulator, by its control port.
 * @throws ReconError SW_RECON_SOURCE, SW_RECON_RECORD
 */
export async function fetchProofLedger(url: string): Promise<ProofRecord[]> {
  return (await fetchRows(url)).map(({ fields, place }) => {
    const { kind, transactionId: transaction, validationId: validation, amount, currency, at } = fields;
    const status = kind === 'initiated' ? 'pending' : kind;
    return proofRecord({ transaction, validation, status, amount, currency, at }, place);
  });
}

async function fetchRows(url: string): Promise<{ fields: Fields; place: Place }[]> {
  try {
    const response = await fetch(new URL('/ledger', url), { signal: AbortSignal.timeout(FETCH_WITHIN_MS) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    if (Number(response.headers.get('content-length') ?? 0) > MAX_BYTES) throw new Error('it is too long');
    const page = (await response.json()) as { rows?: unknown };
    if (!Array.isArray(page?.rows)) throw new Error('it answers with no rows');
    return page.rows.map((fields: Fields, index) => ({ fields, place: { source: url, line: index + 1 } }));
  } catch (cause) {
    throw new ReconError('SW_RECON_SOURCE', { source: url, reason: reasonOf(cause) }, { cause });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
