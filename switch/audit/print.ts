import { type AuditReport, BREAKS, type Break, DOUBTS, type Doubt, type EpochReport } from './findings.ts';

const OUTCOMES = {
  verified: 'Verified: every entry is the one that was written, and signed heads say so.',
  broken: 'BROKEN: the journal is not what was written. docs/audit.md says what to do now.',
  unproven: 'Unproven: nothing is wrong as far as can be told, and something cannot be told.',
} as const;

/** For people: an epoch a line, what is wrong with it below. */
export function printAudit({ outcome, entries, epochs, breaks, doubts }: AuditReport): string {
  return [
    ...epochs.flatMap((epoch) => [lineOf(epoch), ...findings(epoch)]),
    ...findings({ breaks, doubts, moreBreaks: 0 }),
    `${entries} entries in ${epochs.length} epochs.`,
    OUTCOMES[outcome],
  ].join('\n');
}

function lineOf({ epoch, node, state, entries, unusedSequences, ...rest }: EpochReport): string {
  const { lastSequence, verifiedUpTo, unsigned, heads } = rest;
  const name = `epoch ${epoch} of ${node ?? 'nobody'}, ${state}`.padEnd(36);
  if (state === 'not chained') return `${name} ${entries} entries from before the chain`;
  const gaps = unusedSequences > 0 ? `, ${unusedSequences} numbers unused` : '';
  const tail = unsigned > 0 ? `, ${unsigned} unsigned` : '';
  return `${name} ${entries} entries up to ${lastSequence}${gaps}; ${heads} heads, verified up to ${verifiedUpTo}${tail}`;
}

function* findings(part: Pick<EpochReport, 'breaks' | 'doubts' | 'moreBreaks'>): Generator<string> {
  for (const found of part.breaks) yield `  ✗ ${found.code}${placeOf(found)}: ${BREAKS[found.code]}`;
  if (part.moreBreaks > 0) yield `  ✗ and ${part.moreBreaks} more`;
  for (const found of part.doubts) yield `  ? ${found.code}${placeOf(found)}: ${DOUBTS[found.code]}`;
}

function placeOf({ from, to, detail }: Break | Doubt): string {
  const range = from === undefined ? '' : from === to ? ` at ${from}` : ` from ${from} to ${to}`;
  return `${range}${detail === undefined ? '' : ` (${detail})`}`;
}
