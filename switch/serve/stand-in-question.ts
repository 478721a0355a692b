import type { Monotonic } from '../../runtime/index.ts';
import type { Admission } from '../admission/admit.ts';
import type { Inbound } from '../admission/inbound.ts';
import type { PaymentRequest } from '../requests/understand.ts';
import type { StandInQuestion } from '../stand-in/stand-in.ts';
import type { OpeningBody } from '../transaction/entries.ts';

/** What a stand-in has to know of a payment. */
export function standInQuestion(
  { facts, cardReference }: Pick<OpeningBody, 'facts' | 'cardReference'>,
  payment: {
    readonly inbound: Pick<Inbound, 'proof'>;
    readonly request: PaymentRequest;
    readonly admission: Admission;
    readonly deadline: Monotonic;
  },
): StandInQuestion {
  const { inbound, request, admission, deadline } = payment;
  return {
    facts,
    cardReference,
    card: request.card,
    pinBlock: request.terminalPinBlock,
    pinKey: inbound.proof.keys?.pinKey,
    merchant: admission.merchant.standIn,
    deadline,
  };
}
