import type { Habit } from './habit.ts';

const OFTEN = 0.6;
/** Of what its issuers are asked from there. */
const ASKS_FOR_PAPERS = 0.25;
/** DE25: a terminal without attendance. */
const UNATTENDED = '02';
/** DE25 of what says nothing else of itself. */
const USUAL = '00';
/** Approved, and somebody is to look at the papers: plain ISO 8583:1987 knows it, Visa does not. */
const IDENTIFY = '08';

/** Nobody is there to look at papers: an approval that asks for it is of no use, and must not stand. */
export const UNATTENDED_TILL = {
  name: 'unattended',
  says: 'is a machine with nobody beside it (DE25 02), whose network approves now and then with 08: look at the papers',
  share: 0.15,
  terminal: {
    opens: (message, { refersTo }, random) =>
      isAsked(message.mti) && message.de25 === USUAL && !refersTo && random.chance(OFTEN)
        ? { ...message, de25: UNATTENDED }
        : message,
  },
  network: {
    decides: ({ network, message: { mti, de25, de3 } }, random) =>
      network === 'iso87' &&
      isAsked(mti) &&
      de25 === UNATTENDED &&
      !de3?.startsWith('3') &&
      random.chance(ASKS_FOR_PAPERS)
        ? { code: IDENTIFY, isApproval: true }
        : undefined,
  },
} as const satisfies Habit;

function isAsked(mti: string): boolean {
  return mti.startsWith('01') || mti.startsWith('020');
}

export function isUnattended(condition: string | undefined): boolean {
  return condition === UNATTENDED;
}
