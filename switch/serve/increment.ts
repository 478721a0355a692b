import type { HeldTransaction, NetworkOutcome, TransactionFacts } from '../../connectors/index.ts';
import type { PinBlock } from '../../messages/index.ts';
import type { PaymentInbound } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import { JournalError, type NewEntry } from '../journal/journal.ts';
import { type Collision, type Step, untilAppended } from '../journal/until-appended.ts';
import type { Ports } from '../ports.ts';
import { originalKey } from '../requests/keys.ts';
import { checkCardAndCurrency, isMeant } from '../requests/meant.ts';
import { referredOriginal } from '../requests/originals.ts';
import { readTransaction } from '../transaction/append-next.ts';
import { followUp, followUpsOf } from '../transaction/decision-entry.ts';
import type { EntryBodies, OpeningBody, ReplyFields } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import { isHoldOver } from '../transaction/hold.ts';
import { isOpenIncrement } from '../transaction/increments.ts';
import { stateAfter } from '../transaction/life-cycle.ts';
import { asNetworkKnows, type KeptFacts, keptNumbers } from '../transaction/network-facts.ts';
import { networkNumbers } from '../transaction/network-numbers.ts';
import { decideOutcome } from '../transaction/outcome-table.ts';
import { declineReply, legsReply } from '../transaction/reply-fields.ts';
import { answerAgain, beginPayment, type Payment } from './begin-payment.ts';
import { findReferred } from './find-original.ts';
import { factsOf, lifeOf, numbered } from './opening.ts';
import { recordOvertaken } from './overtaken.ts';

const NOT_APPLICABLE = { status: 'not-applicable' } as const;

/**
 * More for a pre-authorisation (0100, DE25 06, with DE37 and DE38 of the original): an authorisation of its own at the
 * network, and part of the original here, so that completion, void and reversal see one transaction. As in
 * `authorise`, its intention is durable before a byte leaves and its decision before the terminal hears it. What ends
 * the original meanwhile wins: then nothing is told, and the network's part is reversed.
 *
 * @throws Refusal SW_ORIGINAL_UNKNOWN, SW_ORIGINAL_STATE, SW_CARD_CONTRADICTORY, SW_AMOUNT, and what `authorise` throws
 */
export function increment(inbound: PaymentInbound, ports: Ports): Promise<ReplyFields | undefined> {
  return beginPayment(inbound, ports, (payment) => incrementOnce(payment, ports));
}

async function incrementOnce(payment: Payment, ports: Ports): Promise<ReplyFields | undefined> {
  const { inbound } = payment;
  const intended = await intend(payment, ports);
  if ('repeated' in intended) return answerAgain(payment, intended.repeated, ports);
  ports.checkpoint('intended');

  const { pin } = inbound;
  if ('refusal' in pin) {
    return decide(intended, unsent(pin.refusal), payment, ports, pin.refusal.responseCode);
  }

  const network = await ask(intended, payment, pin.block, ports);
  ports.checkpoint('network-answered');
  return decide(intended, network, payment, ports);
}

interface Intended {
  readonly opening: OpeningBody;
  readonly facts: KeptFacts;
  readonly addsTo: HeldTransaction;
}

/** The same increment is in the journal already. */
interface Repeated {
  readonly repeated: { readonly transaction: string; readonly fingerprint: string };
}

/**
 * Durable point 1: more of what stands now of the original, under the version that was looked at.
 * @throws Refusal
 */
async function intend(payment: Payment, ports: Ports): Promise<Intended | Repeated> {
  const { inbound, request, key } = payment;
  const { journal } = ports;
  const held = referredOriginal(inbound);
  const look = async (collision?: Collision): Promise<Step<Intended | Repeated>> => {
    const repeated = collision?.status === 'claimed' ? collision : await journal.transactionOf(key);
    if (repeated) {
      await checkSameHold(repeated.transaction, request.refersTo, journal);
      return { done: { repeated } };
    }

    const finding = await findReferred(inbound, held, ports);
    if (!('transaction' in finding)) throw new Refusal('SW_ORIGINAL_UNKNOWN', { found: finding.status });
    const found = finding.transaction;
    return intention(found, extensible(found, payment, ports), payment, ports);
  };

  try {
    return await untilAppended(journal, look, { deadline: inbound.joinBy });
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    throw new Refusal('SW_JOURNAL', { stan: request.stan }, { cause: error });
  }
}

/**
 * The same numbers with the reference of another hold: the answer of before would say that something was added to it.
 * @throws Refusal SW_KEY_REUSED
 */
async function checkSameHold(
  transaction: string,
  reference: string | undefined,
  journal: Ports['journal'],
): Promise<void> {
  const { opening } = await readTransaction(journal, transaction);
  const isOther = opening?.facts.kind === 'pre-authorisation' && opening.facts.rrn.trim() !== reference;
  if (isOther) throw new Refusal('SW_KEY_REUSED', { transaction });
}

/** With the intention goes the follow-up that closes the increment should this node not live to decide it. */
function intention(
  found: Transaction,
  opening: OpeningBody,
  { inbound, request, key, fingerprint }: Payment,
  ports: Ports,
): Step<Intended> {
  const { deadlineMs } = ports.settings;
  const original = originalKey(inbound.party.key, request);
  const own = factsOf({ inbound, request, kind: 'increment' }, found.id, ports);
  const life = lifeOf(own, { inbound, network: opening.network }, ports);
  const facts = { ...sharingReference(own, opening, ports), ...(life.isExtended && { hold: life }) };
  const openUntil = ports.clock.wall() + deadlineMs;
  const body: EntryBodies['increment-intended'] = { key, original, facts, openUntil };
  const closing = { ...followUp(found.id, 'close-increment', opening.network), runAfterMs: deadlineMs };
  const entry: NewEntry = {
    transaction: found.id,
    version: found.version + 1,
    kind: 'increment-intended',
    body,
    claims: [key, original].map((claimed) => ({ key: claimed, fingerprint, role: 'unique' })),
    followUps: [closing],
  };

  const { stan, transmittedAt } = asNetworkKnows(opening.facts);
  const addsTo = { stan, transmittedAt, ...networkNumbers(found) };
  return { entry, result: { opening, facts, addsTo } };
}

/** To the terminal and to the network an increment has the reference of what it adds to, and a STAN of its own. */
function sharingReference(own: TransactionFacts, { facts, network }: OpeningBody, ports: Ports): KeptFacts {
  const shared = { ...numbered(own, network, ports), rrn: facts.rrn };
  if (facts.networkRrn === undefined) return shared;
  const { stan } = asNetworkKnows(shared);
  return { ...shared, ...keptNumbers({ rrn: facts.networkRrn, stan }) };
}

/** What an increment needs of its original. */
function extensible(found: Transaction, { inbound, request, route }: Payment, ports: Ports): OpeningBody {
  const { opening, state, increments } = found;
  if (opening?.facts.kind !== 'pre-authorisation' || !stateAfter(state, 'increment-intended')) {
    throw new Refusal('SW_ORIGINAL_STATE', { state });
  }
  if (!isMeant(found, inbound.message.de38)) throw new Refusal('SW_ORIGINAL_UNKNOWN', { element: 'DE38' });

  checkCardAndCurrency(opening, inbound.card, request.amount);
  if (isHoldOver(found, ports.clock.wall())) throw new Refusal('SW_ORIGINAL_STATE', { state: 'expired' });
  if (increments.length >= route.network.rules.maxIncrements) {
    throw new Refusal('SW_ORIGINAL_STATE', { increments: increments.length });
  }
  return opening;
}

async function ask(
  { facts, addsTo }: Intended,
  { inbound, request, route }: Payment,
  pinBlock: PinBlock | undefined,
  { clock }: Ports,
): Promise<NetworkOutcome> {
  const deadline = inbound.joinBy;
  if (clock.monotonic() >= deadline) {
    return { status: 'not-asked', fault: 'overloaded', reason: 'no time was left to open the leg' };
  }
  const card = { ...request.card, ...(pinBlock && { pinBlock }) };
  return route.network.ask({ ...asNetworkKnows(facts), addsTo }, card, deadline).outcome;
}

function unsent(refusal: Refusal): NetworkOutcome {
  return { status: 'unreachable', reason: refusal.code };
}

/**
 * Durable point 2: the terminal hears what is committed.
 * @param code DE39 where the switch itself declines
 */
async function decide(
  { opening, facts }: Intended,
  network: NetworkOutcome,
  { inbound, route, key }: Payment,
  ports: Ports,
  code?: string,
): Promise<ReplyFields | undefined> {
  const verdict = decideOutcome(network, NOT_APPLICABLE, route.policy);
  const reply = code === undefined ? legsReply(facts, verdict, network) : declineReply(facts, code);
  const body = { key, network, approved: verdict.approved, reply };
  const { transaction } = facts;
  const followUps = followUpsOf(transaction, verdict.followUps, opening.network);
  const close = async (): Promise<Step<ReplyFields | undefined>> => {
    const now = await readTransaction(ports.journal, transaction);
    if (!isOpenIncrement(now, key)) {
      ports.log.warn({ event: 'increment.superseded', transaction });
      recordOvertaken(transaction, network, ports, key);
      return { done: undefined };
    }
    const version = now.version + 1;
    return { entry: { transaction, version, kind: 'increment-decided', body, followUps }, result: reply };
  };

  try {
    const told = await untilAppended(ports.journal, close, { deadline: inbound.lastMoment });
    if (told) ports.checkpoint('decided');
    return told;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    // Whatever the network said is reversed, unless the decision was stored after all.
    ports.log.error({ event: 'increment.undecidable', transaction, committed: error.committed, err: error });
    return error.committed === 'no' ? declineReply(facts, new Refusal('SW_JOURNAL').responseCode) : undefined;
  }
}
