import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { JournalEntry, NewEntry } from '../../switch/journal/journal.ts';
import { decided, opening } from '../../switch/projection/testing.ts';
import { projectTransaction, type TransactionRow } from '../../switch/projection/transaction-row.ts';
import { openingClaims, partyKey } from '../../switch/requests/keys.ts';
import type { DecidedBody, OpeningBody } from '../../switch/transaction/entries.ts';

/** A purchase as the switch stores it: what was asked for, what was decided, that its proof is final; and its row. */
export interface StoredPurchase {
  readonly entries: readonly NewEntry[];
  readonly row: TransactionRow;
}

/** As long as the real ones. */
const CARD_REFERENCE = '3f2a9c51d7e84b06a1c5f0927d6e38b4';
const FINGERPRINT = 'Zk3v9Qm0sYt2bX7cLw4hRa';

/** @param stamp MMDDhhmmss of the message */
export function purchase(transaction: string, stamp: string): StoredPurchase {
  const asked = opening();
  const local = { localDate: stamp.slice(0, 4), localTime: stamp.slice(4) };
  const networkRrn = `6328${String(randomInt(1e8)).padStart(8, '0')}`;
  const facts = { ...asked.facts, transaction, transmittedAt: stamp, ...local, networkRrn };
  const validation = randomUUID();
  const body: OpeningBody = {
    ...asked,
    facts,
    panCiphertext: randomBytes(60).toString('base64'),
    cardReference: CARD_REFERENCE,
    pop: { consumer: randomUUID(), merchant: randomUUID(), receiptHash: randomBytes(32).toString('hex') },
  };
  const decision: DecidedBody = decided(true, {
    pop: { status: 'accepted', validation },
    reply: { code: '00', rrn: facts.rrn, approvalCode: '123456' },
  });
  const sender = { mti: '0100', repeat: false, hasOwnReference: false, understoodAt: Date.now(), ...facts };
  const claims = openingClaims(partyKey('', facts.merchant, facts.terminal), sender, FINGERPRINT);
  const steps = [
    { kind: 'intended', body, claims },
    { kind: 'decided', body: decision },
    { kind: 'pop-validated', body: { validation } },
  ];
  const entries = steps.map((step, index) => ({ ...step, transaction, version: index + 1 }));
  const history = entries.map((entry): JournalEntry => ({ ...entry, at: Date.now(), node: '', epoch: 1 }));
  const projected = projectTransaction(history, 0);
  if (!projected) throw new Error('a purchase is projected as one row');
  return { entries, row: projected.row };
}
