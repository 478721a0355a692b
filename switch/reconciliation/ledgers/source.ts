import { ReconError } from '../errors.ts';
import { fetchNetworkLedger, fetchProofLedger } from './control-api.ts';
import { readLedgerFile } from './ledger-file.ts';
import { type NetworkRecord, networkRecord, type ProofRecord, proofRecord } from './records.ts';

/** Where a network's ledger is: a file, or the control port of a simulator; and whose it is. */
export interface LedgerSource {
  readonly place: string;
  readonly network: string | undefined;
}

const NAMED = /^([a-z0-9-]{1,32})=(.+)$/;
const URL_START = /^https?:\/\//;

/** `visa=FILE`, `visa=http://…`, or a FILE whose records name their network. @throws ReconError SW_RECON_SOURCE */
export function ledgerSource(text: string): LedgerSource {
  const [, network, place = text] = NAMED.exec(text) ?? [];
  if (network === undefined && URL_START.test(place)) {
    throw new ReconError('SW_RECON_SOURCE', { source: place, expected: 'NETWORK=URL' });
  }
  return { network, place };
}

/** @throws ReconError */
export function readNetworkLedger({ place, network }: LedgerSource): Promise<NetworkRecord[]> {
  if (URL_START.test(place)) return fetchNetworkLedger(place, network ?? '');
  return readLedgerFile(place, (fields, at) => networkRecord(fields, at, network));
}

/** @throws ReconError */
export function readProofLedger(place: string): Promise<ProofRecord[]> {
  return URL_START.test(place) ? fetchProofLedger(place) : readLedgerFile(place, proofRecord);
}
