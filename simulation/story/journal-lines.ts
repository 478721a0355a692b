import type { EntryBodies, EntryKind } from '../../switch/transaction/entries.ts';
import type { Tables } from '../world/database-tables.ts';
import type { Line, World } from '../world/world.ts';

// What the switch wrote down, in plain words: for a reader who does not know its journal that is what it believed, and
// when.

const THOUSAND = 1_000;

/** What has no words here is told by its own name, which is one. */
type Words = { readonly [Kind in EntryKind]?: (body: EntryBodies[Kind]) => string };

const WORDS: Words = {
  intended: () => 'intends to ask',
  decided: ({ reply, approved, network, caseKind }) =>
    `decides: ${approved ? 'approved' : 'declined'}, ${reply.code}; the network ${network.status}${caseOf(caseKind)}`,
  'stand-in-reserved': ({ minorUnits }) => `takes ${minorUnits} of what it may approve itself`,
  'offline-approved': () => 'takes note of what was approved offline',
  remembered: ({ caseKind }) => `knows no such payment: remembers the reversal${caseOf(caseKind)}`,
  'notice-refused': ({ reply }) => `refuses: ${reply.code}`,
  'advice-kept': ({ reason }) => `keeps an advice for people: ${reason}`,
  'taken-back': ({ by, reply }) => `takes it back in full: a ${by}, ${reply.code}`,
  'void-told': () => 'is about to tell the network of the void',
  'void-reversed': () => 'undoes the void: the sale stands again',
  'void-reversed-late': () => 'too late to undo the void: a case',
  'partly-taken-back': ({ remainingMinorUnits }) => `takes a part back: ${remainingMinorUnits} remain`,
  captured: ({ minorUnits }) => `captures ${minorUnits}`,
  adjusted: ({ minorUnits }) => `the amount is ${minorUnits} now`,
  'hold-ending': () => 'the hold is about to end',
  'hold-expired': () => 'the hold is over',
  'chip-told': ({ cryptogram }) => `what the chip said: ${cryptogram}`,
  'case-opened': ({ caseKind }) => `opens the case ${caseKind}`,
  'increment-intended': () => 'intends to ask for more',
  'increment-decided': ({ approved }) => `more is ${approved ? 'approved' : 'declined'}`,
  'increment-taken-back': ({ remainingMinorUnits }) => `takes an increment back to ${remainingMinorUnits}`,
  'batch-compared': ({ reply }) => `compares the totals of a batch: ${reply.code}`,
  'batch-closed': ({ reply, members }) => `closes a batch of ${members.length}: ${reply.code}`,
  uploaded: ({ minorUnits }) => `takes note of an upload of ${minorUnits}`,
  'refund-reserved': ({ minorUnits }) => `reserves ${minorUnits} for a refund`,
  'network-reversed': ({ code, remainingMinorUnits }) =>
    `the network has reversed it (${code}): ${remainingMinorUnits} remain`,
  'reversal-numbered': ({ remainingMinorUnits }) =>
    `is about to reverse it at the network down to ${remainingMinorUnits}`,
  'network-reinstated': ({ minorUnits }) => `the network has reinstated ${minorUnits}`,
  'network-reversal-refused': ({ code }) => `the network refuses the reversal (${code}): a case`,
  'network-advised': ({ code }) => `the network has been told (${code})`,
  'network-advice-refused': ({ code }) => `the network refuses to be told (${code}): a case`,
  'network-not-found': ({ code, isLast }) =>
    `the network does not find what is to be reversed (${code})${isLast ? ', for the last time' : ''}`,
  'network-absent': () => 'the network’s ledger has nothing of it',
  'late-answer': ({ code, disagrees }) =>
    `hears ${code} of the network, too late${disagrees ? `; other ${disagrees.join(', ')}` : ''}`,
  notified: () => 'tells the merchant',
  'pop-asked': ({ minorUnits }) => `is about to ask for a proof of ${minorUnits}`,
  'pop-accepted': ({ minorUnits }) => `its proof of ${minorUnits} is under way`,
  'pop-validated': () => 'its proof is final',
  'pop-failed': ({ status }) => `its proof has failed: ${status}`,
  'pop-cancelled': () => 'its proof is cancelled',
  'pop-stands': () => 'its proof stands and should not: a case',
  reconciled: ({ repair }) => `is put right: ${repair}`,
};

function caseOf(kind: string | undefined): string {
  return kind === undefined ? '' : `; opens the case ${kind}`;
}

/** The timeline with what the journal wrote, each when it was committed. */
export function withJournal(world: World, tables: Tables): Line[] {
  const { timeline, violations } = world;
  const isAboutDates = violations.some(({ what }) => what.includes('date'));
  const written = [...tables.journal].flatMap(([transaction, stored]) => {
    const history = tables.history(transaction);
    const about = numberOf(history[0]?.body);
    const inOrder = stored.toSorted((a, b) => a.version - b.version);
    return inOrder.map(({ kind, committedAt, node }, index): Line => {
      const body = history[index]?.body;
      const what = `${node} ${wordsOf(kind, body)}${isAboutDates ? dateOf(body, world.startsAt + committedAt) : ''}`;
      return { at: committedAt, actor: 'journal', what, about };
    });
  });
  const leases = tables.leases.flatMap(({ node, endedAt }): Line[] =>
    endedAt === undefined || endedAt === 0
      ? []
      : [
          {
            at: endedAt,
            actor: 'journal',
            what: `the lease of ${node} is over: it may not write under it any more`,
          },
        ],
  );
  return [...timeline, ...written, ...leases].sort((a, b) => a.at - b.at);
}

/** Which payment each transaction is, by the last three digits of its amount. */
export function numbersOf(tables: Tables): ReadonlyMap<string, number> {
  const transactions = [...tables.journal.keys()];
  return new Map(transactions.map((each) => [each, numberOf(tables.history(each)[0]?.body)]));
}

function dateOf(body: unknown, wall: number): string {
  const { businessDate } = body as { businessDate?: string };
  return businessDate === undefined
    ? ''
    : `, on the business date ${businessDate} (at ${new Date(wall).toISOString()})`;
}

function wordsOf(kind: string, body: unknown): string {
  const words = WORDS[kind as EntryKind] as ((body: unknown) => string) | undefined;
  return words?.(body) ?? kind;
}

function numberOf(body: unknown): number {
  const { facts, amount } = body as { facts?: { amount?: Money }; amount?: Money };
  return ((facts?.amount ?? amount)?.minorUnits ?? 0) % THOUSAND;
}
interface Money {
  readonly minorUnits: number;
}
