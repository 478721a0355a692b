import type { HostMessage } from '../../simulators/network/host-dialect.ts';
import type { Fortune } from './fortune.ts';
import type { NetworkDecision } from './network-ledger.ts';

// What a network heard, and what became of its answer, in the words of a story.

/** An answer that takes longer is worth a word in a story. */
const NOTICEABLE_MS = 200;
const SPOILT: Readonly<Record<NonNullable<Fortune['spoils']>, string>> = {
  stan: 'answered under another STAN',
  rrn: 'answered under another reference',
  bytes: 'answered with what is no message',
  'cut short': 'the answer breaks off',
  twice: 'answered twice',
  connection: 'the connection breaks before the answer',
};
/** DE3, positions 1 and 2. */
const SERVICES: Readonly<Record<string, string>> = {
  '00': 'payment',
  '01': 'cash withdrawal',
  '02': 'sale with another amount',
  '09': 'payment with cash',
  '20': 'refund',
  '30': 'balance',
  '31': 'balance',
};

/** What becomes of an answer, where that is not what one expects. */
export function missed({ loses, spoils, answerAfterMs, announcedMs, isSwapped }: Fortune): string {
  const parts = [
    loses === 'answer' ? 'the answer is lost' : '',
    spoils ? SPOILT[spoils] : '',
    answerAfterMs > NOTICEABLE_MS ? `answered ${(answerAfterMs / 1_000).toFixed(1)} s later` : '',
    announcedMs === undefined ? '' : `says to wait first (09), ${(announcedMs / 1_000).toFixed(1)} s`,
    isSwapped ? 'may be given the answer of another' : '',
  ].filter((part) => part !== '');
  return parts.length > 0 ? ` (${parts.join('; ')})` : '';
}

export function describe({ mti, de3, de11, de41, de4, de90, de95 }: HostMessage): string {
  const numbers = `[${mti} ${de41?.trimEnd()}/${de11}]`;
  const amount = Number(de4);
  const down = de95 ? `down to ${Number(de95.transaction)}` : 'in full';
  if (de90) return `reversal of ${amount} ${down} ${numbers}`;
  const isAdvice = mti.startsWith('012') || mti.startsWith('022');
  const service = SERVICES[de3?.slice(0, 2) ?? ''] ?? 'payment';
  return `${isAdvice ? 'is told of' : 'is asked for'} a ${service} of ${amount} ${numbers}`;
}

/** Of an approval of less than was asked for. */
export function partWords({ partial }: NetworkDecision): string {
  return partial ? ` for ${partial.approved}` : '';
}
