import { ReconError } from '../errors.ts';
import { fetchNetworkLedger, fetchProofLedger } from './control-api.ts';
import { readLedgerFile } from './ledger-file.ts';
import {
  NETWORK_COLUMNS,
  type NetworkRecord,
  networkRecord,
  type ProofRecord,
  proofRecord,
} from './records.ts';

/** Where a network's ledger is: a file, or the control port of a simulator; and whose it is. */
export interface LedgerSource {
  readonly place: string;
  readonly network: string | undefined;
  /** A clearing file tells what is settled, and nothing of what is only held. */
  readonly isClearing: boolean;
}

const NAMED = /^([a-z0-9-]{1,32})=(.+)$/;
const URL_START = /^https?:\/\//;
/** What may be absent: the option names the network, and not every file has DE7. */
const OPTIONAL: ReadonlySet<string> = new Set(['network', 'transmitted']);
const PROOF_COLUMNS = ['transaction', 'validation', 'status', 'amount', 'currency', 'at'];

/** `visa=FILE`, `visa=http://…`, or a FILE whose records name their network. @throws ReconError SW_RECON_SOURCE */
export function ledgerSource(text: string, isClearing = false): LedgerSource {
  const [, network, place = text] = NAMED.exec(text) ?? [];
  if (network === undefined && URL_START.test(place)) {
    throw new ReconError('SW_RECON_SOURCE', { source: place, expected: 'NETWORK=URL' });
  }
  return { network, place, isClearing };
}

/** @throws ReconError */
export function readNetworkLedger({ place, network, isClearing }: LedgerSource): Promise<NetworkRecord[]> {
  if (URL_START.test(place)) return fetchNetworkLedger(place, network ?? '');
  return readLedgerFile(place, {
    columns: NETWORK_COLUMNS.filter((name) => !OPTIONAL.has(name) && !(isClearing && name === 'held')),
    read: (fields, at) => networkRecord(isClearing ? { ...fields, held: 0 } : fields, at, network),
  });
}

/** @throws ReconError */
export function readProofLedger(place: string): Promise<ProofRecord[]> {
  if (URL_START.test(place)) return fetchProofLedger(place);
  return readLedgerFile(place, { columns: PROOF_COLUMNS, read: proofRecord });
}
