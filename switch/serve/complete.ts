import { completable, type Money, type SchemeRules } from '../../connectors/index.ts';
import { type NoticeInbound, regionOf } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { checkCardAndCurrency, isMeant } from '../requests/meant.ts';
import { referredOriginal } from '../requests/originals.ts';
import { readMoney } from '../requests/understand.ts';
import { isApprovedExactly } from '../transaction/amounts.ts';
import { followUpsOf } from '../transaction/decision-entry.ts';
import type { CompletionPart, EntryBodies, ReplyFields } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import { isHoldOver } from '../transaction/hold.ts';
import type { FollowUpTask } from '../transaction/outcome-table.ts';
import { countedAs, isLast, isNext, isUnfinished, partsOf } from '../transaction/several-completions.ts';
import { ACCEPTED, type Answer, anotherName, answerNotice, type Told } from './answer-notice.ts';
import { closedBatchOf } from './closed-batch.ts';
import { findReferred } from './find-original.ts';
import { ownNumbers, popParties } from './opening.ts';

// A pre-authorisation is completed: what is taken of it is known now. Most are completed once; an order that is shipped
// in parts has several completions, whose sum the limits bind. What is held beyond that is reversed by the follow-up
// that tells the network, before it tells it.

/** A hold with what a completion needs of it. */
type Hold = Transaction & { readonly opening: NonNullable<Transaction['opening']> };

interface Completion {
  readonly inbound: NoticeInbound;
  readonly amount: Money;
  readonly counted: Pick<CompletionPart, 'sequence' | 'count'> | undefined;
}

/**
 * A completion (0220 or 0120, DE25 06, with the DE37 of its pre-authorisation).
 * @throws Refusal SW_ORIGINAL_UNKNOWN, SW_ORIGINAL_STATE, SW_CARD_CONTRADICTORY, SW_AMOUNT, SW_FORMAT
 */
export function complete(inbound: NoticeInbound, told: Told, ports: Ports): Promise<ReplyFields | undefined> {
  const { message } = inbound;
  const amount = readMoney(message, 'positive', ports.settings.currencies);
  const completion: Completion = { inbound, amount, counted: countedAs(message.de60) };

  const capture = async (found: Transaction | undefined): Promise<Answer> => {
    const hold = completableHold(found, completion, ports);
    const { opening, increments } = hold;
    const { rrn, transaction } = opening.facts;
    const reply: ReplyFields = { code: ACCEPTED, rrn };
    const name = anotherName(inbound);
    const pop = popParties(opening.facts, opening.cardReference, inbound.party, inbound.witness);
    const isLate = isHoldOver(hold, ports.clock.wall());
    const body: EntryBodies['captured'] = {
      key: told.key,
      reply,
      original: name.key,
      minorUnits: takenBefore(hold) + amount.minorUnits,
      pop,
      ...(isLate && { isLate }),
      ...(completion.counted && { part: await partOf(hold, completion, completion.counted, ports) }),
    };

    const tasks: FollowUpTask[] = ['advise-network'];
    // What is still being added is too late: nobody will know what the network makes of it.
    if (increments.some(({ state }) => state === 'open')) tasks.push('reverse-network');
    // A proof is final within seconds: it witnesses all of it, once the last completion has come.
    const isWhole = !completion.counted || isLast(completion.counted);
    if (pop && isWhole) tasks.push('complete-pop');
    const followUps = followUpsOf(transaction, tasks, opening.network);
    return { reply, entry: { kind: 'captured', body, followUps }, claims: [name] };
  };
  const referred = referredOriginal(inbound);
  const find = () => findReferred(inbound, referred, ports);
  const notice = { ...told, find, original: anotherName(inbound).key, isOfOriginal: true as const };
  return answerNotice(notice, capture, ports);
}

/**
 * One of several. Those before it may be in a batch that is closed: then this one is in the next, with what the closed
 * one has beside it.
 */
async function partOf(
  hold: Hold,
  { amount, inbound }: Completion,
  counted: Pick<CompletionPart, 'sequence' | 'count'>,
  ports: Ports,
): Promise<CompletionPart> {
  const part = { ...counted, minorUnits: amount.minorUnits, ...ownNumbers(hold.opening, ports) };
  const closed = takenBefore(hold) > 0 ? await closedBatchOf(hold, inbound, ports) : undefined;
  const known = hold.settledBefore;
  if (closed && closed.id !== known?.batch) {
    return { ...part, settled: { batch: closed.id, minorUnits: takenBefore(hold) } };
  }
  return part;
}

/** What a completion needs of its pre-authorisation. @throws Refusal */
function completableHold(found: Transaction | undefined, completion: Completion, ports: Ports): Hold {
  const { inbound, amount, counted } = completion;
  if (!found?.opening) throw new Refusal('SW_ORIGINAL_UNKNOWN', { element: 'DE37' });
  if (!isMeant(found, inbound.message.de38)) throw new Refusal('SW_ORIGINAL_UNKNOWN', { element: 'DE38' });
  const hold: Hold = { ...found, opening: found.opening };
  const rules = ports.networks.get(hold.opening.network)?.rules;
  checkState(hold, counted, rules);
  checkLife(hold, inbound, ports);

  checkCardAndCurrency(hold.opening, inbound.card, amount);
  if (takenBefore(hold) + amount.minorUnits > mostOf(hold, inbound, rules)) {
    throw new Refusal('SW_AMOUNT', { element: 'DE4' });
  }
  return hold;
}

/** A hold is completed once; more often where the scheme allows it and the terminal counts. @throws Refusal */
function checkState(hold: Hold, counted: Completion['counted'], rules: SchemeRules | undefined): void {
  const { opening, state } = hold;
  const { kind } = opening.facts;
  const parts = partsOf(hold);
  // What was taken back of the parts, or put on top of them, is of the whole: nothing more can be counted to it.
  const isWhole = hold.capturedMinorUnits === hold.standingMinorUnits;
  const isContinued = state === 'captured' && isUnfinished(hold) && isWhole;
  const isOpen = state === 'approved' || state === 'expired' || isContinued;
  if (kind !== 'pre-authorisation' || !isOpen) throw new Refusal('SW_ORIGINAL_STATE', { kind, state });

  const { maxCompletions = 1 } = rules ?? {};
  if (counted ? !isNext(counted, parts, maxCompletions) : isContinued) {
    throw new Refusal('SW_ORIGINAL_STATE', { kind, state, completions: parts.length });
  }
}

/** After its end a hold is completed only where the merchant bears the risk. @throws Refusal */
function checkLife(hold: Hold, { party }: NoticeInbound, { clock }: Pick<Ports, 'clock'>): void {
  if (isHoldOver(hold, clock.wall()) && party.merchant.lateCompletion !== 'accept') {
    throw new Refusal('SW_ORIGINAL_STATE', { state: 'expired' });
  }
}

/** How much may be taken of it, all completions together. */
function mostOf(hold: Hold, inbound: NoticeInbound, rules: SchemeRules | undefined): number {
  const { standingMinorUnits, heldMinorUnits, state, opening } = hold;
  const authorised = state === 'approved' ? standingMinorUnits : (heldMinorUnits ?? standingMinorUnits);
  if (!rules) return authorised;
  const around = { region: regionOf(inbound), isExact: isApprovedExactly(hold) };
  return completable(rules, opening.facts.merchantCategory, authorised, around);
}

function takenBefore({ capturedMinorUnits = 0, state }: Hold): number {
  return state === 'captured' ? capturedMinorUnits : 0;
}
