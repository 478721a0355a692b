// In which words a terminal is told an approval. Networks have more of them than terminals know, and a terminal that
// does not know a code prints "declined" over money that was taken. What is not known to leaves as 00, or as 10 where
// it is less than was asked. A terminal that knows more gets more: a setting of its listener.

import type { ListenerSettings } from '../config/settings.ts';
import { isApprovalCode } from '../transaction/approval-codes.ts';

const APPROVED = '00';
const IN_PART = '10';
const WITHOUT_CASH = '87';

/** What every terminal of a dialect knows. */
const KNOWN: Readonly<Record<ListenerSettings['dialect'], readonly string[]>> = {
  'iso87-ascii': [APPROVED, IN_PART],
  'iso87-ascii-hex': [APPROVED, IN_PART],
  'iso87-bcd': [APPROVED, IN_PART],
  'pos-bcd': [APPROVED, IN_PART],
};

/** DE39 as the terminals of a listener know it. No decline has an approval's code, so the code alone decides. */
export function wordFor(code: string, { dialect, approvalCodes = [] }: WordsOf): string {
  const known: readonly string[] = [...KNOWN[dialect], ...approvalCodes];
  if (!isApprovalCode(code) || known.includes(code)) return code;
  return code === WITHOUT_CASH ? IN_PART : APPROVED;
}

export type WordsOf = Pick<ListenerSettings, 'dialect' | 'approvalCodes'>;
