import type { OperationName } from '../protocol/operations.ts';

/**
 * What a payment waits for, and what can wait for payments: keys that are made, come and go, bulk jobs over stored
 * cards, signatures and reports. What can wait is begun when nothing urgent waits, and once a turn in any case, so it
 * is delayed and never starved.
 */
export type Urgency = 'urgent' | 'patient';

export const URGENCY: Readonly<Record<OperationName, Urgency>> = {
  ping: 'urgent',
  openRequest: 'urgent',
  generateMac: 'urgent',
  verifyMac: 'urgent',
  translatePin: 'urgent',
  keyCheckValue: 'urgent',
  protectPan: 'urgent',
  verifyPvv: 'urgent',
  verifyOffset: 'urgent',
  verifyCardValue: 'urgent',
  verifyArqc: 'urgent',
  dukptData: 'urgent',
  generateCardValue: 'patient',
  scriptMac: 'urgent',
  changeCardPin: 'urgent',
  revealPan: 'patient',
  generateKey: 'patient',
  importKeyBlock: 'patient',
  exportKeyBlock: 'patient',
  setKeyState: 'patient',
  describeKey: 'patient',
  sign: 'patient',
  publicKey: 'patient',
  status: 'patient',
};
