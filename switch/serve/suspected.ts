import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { namesNumbers } from '../requests/originals.ts';
import type { OpeningBody } from '../transaction/entries.ts';
import type { Payment } from './begin-payment.ts';

/** What is written down of a payment, with what rules of fraud say of it. */
export function suspected(
  opening: OpeningBody,
  { inbound, request }: Pick<Payment, 'inbound' | 'request'>,
  { fraud }: Pick<Ports, 'fraud'>,
): OpeningBody {
  if (!fraud) return opening;
  const { pan, expiry } = request.card;
  const isUntied = request.service.kind === 'refund' && !isTied({ inbound, request });
  const known = isUntied ? { ...opening, untied: true as const } : opening;
  // Behind an acquirer's line, as behind an application, there are many merchants' customers.
  const address = inbound.party.terminal ? inbound.peer : undefined;
  const suspicion = fraud.judge(known, { pan, expiry, address });
  return suspicion ? { ...known, fraud: suspicion } : known;
}

/** Whether a refund says what it gives back. */
export function isTied({ inbound, request }: Pick<Payment, 'inbound' | 'request'>): boolean {
  const isNamed = request.refersTo !== undefined || request.originalApprovalCode !== undefined;
  return isNamed || namesNumbers(inbound.message);
}

/** Why a rule of fraud lets no leg be opened; nothing where none does. */
export function blocked(
  { fraud: suspicion }: OpeningBody,
  { fraud }: Pick<Ports, 'fraud'>,
): Refusal | undefined {
  if (suspicion?.did !== 'block') return undefined;
  const rule = suspicion.found.find(({ action }) => action === 'block')?.id ?? '';
  return new Refusal('SW_FRAUD', { rule }, { responseCode: fraud?.refusalCode });
}
