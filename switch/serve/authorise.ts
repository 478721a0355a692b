import type { NotAsked, PopOutcome, Unreachable } from '../../connectors/index.ts';
import type { PinBlock } from '../../messages/index.ts';
import type { PaymentInbound } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import { JournalError, type NewEntry } from '../journal/journal.ts';
import type { Ports } from '../ports.ts';
import type { PaymentRequest } from '../requests/understand.ts';
import type { NetworkLegOutcome } from '../stand-in/stand-in.ts';
import { decisionEntry } from '../transaction/decision-entry.ts';
import type { DecidedBody, OpeningBody, ReplyFields } from '../transaction/entries.ts';
import { asNetworkKnows } from '../transaction/network-facts.ts';
import { decideOutcome, undoLegs } from '../transaction/outcome-table.ts';
import { popPurchase } from '../transaction/pop-purchase.ts';
import { declineReply, legsReply } from '../transaction/reply-fields.ts';
import { appendOpening, type Intention, type Opened } from './append-opening.ts';
import { answerAgain, beginPayment, type Payment } from './begin-payment.ts';
import { openingBody } from './opening.ts';
import { recordOvertaken } from './overtaken.ts';
import { type ReservedRefund, reserveRefund } from './reserve-refund.ts';
import { standInQuestion } from './stand-in-question.ts';
import { blocked, isTied, suspected } from './suspected.ts';

const NOT_APPLICABLE = { status: 'not-applicable' } as const;
const NO_REFUND: ReservedRefund = { leavesProof: false };

/**
 * One authorisation, from the proven message to what the terminal is told. Read it from top to bottom:
 * understand → judge → intend (durable) → fork → join → decide (durable) → reply.
 *
 * Each arrow waits for the one before. To open the legs while the intention is on its way, or to answer while the
 * decision is, was rejected: a crash in between leaves money that nobody knows of.
 *
 * @returns the reply, or nothing where silence is the only honest answer (the journal may or may not have taken
 *   the decision: the terminal's own reversal settles it)
 * @throws Refusal for everything that is refused before a leg opens
 */
export function authorise(inbound: PaymentInbound, ports: Ports): Promise<ReplyFields | undefined> {
  return beginPayment(inbound, ports, (payment) => authoriseOnce(payment, ports));
}

async function authoriseOnce(payment: Payment, ports: Ports): Promise<ReplyFields | undefined> {
  const { inbound, request, route } = payment;
  const { kind, pop } = request.service;
  const network = route.network.name;
  const bodyOf = (asked: PaymentRequest) =>
    suspected(openingBody({ inbound, request: asked, kind, pop, network }, ports), payment, ports);

  // Durable point 1: no byte of a leg leaves before the intention is committed.
  const opened = await appendIntention(payment, bodyOf, ports);
  if (opened.status === 'claimed') return answerAgain(payment, opened, ports);
  if (opened.status !== 'appended') throw new Refusal('SW_JOURNAL', { stan: request.stan });
  const { opening } = opened;
  inbound.onKept?.(opening.facts.transaction);
  ports.checkpoint('intended');

  const { pin, waited } = inbound;
  if (waited?.over) return decline(opening, waited.over, inbound, ports);
  const block = blocked(opening, ports);
  if (block) return decline(opening, block, inbound, ports);
  if ('refusal' in pin) return decline(opening, pin.refusal, inbound, ports);
  const refund = await reservedRefund(payment, opening, ports);
  if (refund instanceof Refusal) return decline(opening, refund, inbound, ports);

  const outcome = await join(fork(opening, payment, pin.block, ports), ports);
  ports.standIn.heard(opening.cardReference, outcome.network);
  ports.checkpoint('joined');

  const verdict = decideOutcome(outcome.network, outcome.pop, route.policy);
  const reply = legsReply(opening.facts, verdict, outcome.network);
  const { approved, followUps, caseKind } = verdict;
  const decided: DecidedBody = {
    ...outcome,
    approved,
    reply,
    followUps,
    ...(caseKind && { caseKind }),
    ...(approved && refund.leavesProof && { leavesProof: true }),
    ...(waited && { waited: true }),
  };

  // Durable point 2: what the terminal is told is committed first, together with the work it implies.
  return decide(opening, decided, inbound, ports);
}

/** @throws Refusal SW_JOURNAL: nothing was sent, and if the intention was stored after all it is closed later */
async function appendIntention(
  { inbound, request, fingerprint }: Payment,
  bodyOf: (request: PaymentRequest) => OpeningBody,
  ports: Ports,
): Promise<Opened> {
  let latest: Intention | undefined;
  const { party, joinBy: deadline } = inbound;
  const offer = (intention: Intention) => {
    latest = intention;
  };
  try {
    return await appendOpening({ request, party: party.key, fingerprint, deadline, offer }, bodyOf, ports);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    if (error.committed === 'unknown' && latest) {
      ports.unsettled.add(notSent(latest.body, 'SW_JOURNAL'), latest);
    }
    throw new Refusal('SW_JOURNAL', { stan: request.stan }, { cause: error });
  }
}

/** Why a refund may not be asked of the network, or what it leaves behind; what is no refund leaves nothing. */
async function reservedRefund(
  { inbound, request }: Payment,
  { facts, cardReference }: OpeningBody,
  ports: Ports,
): Promise<Refusal | ReservedRefund> {
  if (request.service.kind !== 'refund') return NO_REFUND;
  if (!isTied({ inbound, request })) {
    const isRefused = inbound.party.merchant.unlinkedRefunds === 'refuse';
    return isRefused ? new Refusal('SW_ORIGINAL_UNKNOWN', { found: 'nothing is named' }) : NO_REFUND;
  }

  const { transaction } = facts;
  const refund = { inbound, request, transaction, cardReference, isTold: false };
  try {
    return await reserveRefund(refund, ports);
  } catch (error) {
    if (error instanceof Refusal) return error;
    return new Refusal('SW_JOURNAL', { stan: facts.stan }, { cause: error });
  }
}

interface Legs {
  readonly network: Promise<NetworkLegOutcome>;
  readonly pop: Promise<PopOutcome>;
}

/**
 * Opens both legs at once, where the network can be asked. Where it cannot, stand-in decides first, and only what it
 * approves gets a proof: one begun beside a network that is away would be there to be undone. Each leg ends by the
 * deadline with an outcome; neither ever rejects.
 */
function fork(opening: OpeningBody, payment: Payment, pinBlock: PinBlock | undefined, ports: Ports): Legs {
  const { inbound, request, route } = payment;
  if (isOver(inbound, ports)) return neverOpened(opening, 'no time was left to open the legs');

  const card = { ...request.card, ...(pinBlock && { pinBlock }) };
  const leg = route.network.ask(asNetworkKnows(opening.facts), card, inbound.joinBy);
  const legs = leg.left
    ? { network: leg.outcome, pop: openProof(opening, inbound, ports) }
    : unsent(leg.outcome, opening, payment, ports);
  ports.checkpoint('forked');
  return legs;
}

/** Only for a network that is away is anything stood in: what is our own fault is refused, and begins no proof. */
function unsent(outcome: Unreachable | NotAsked, opening: OpeningBody, payment: Payment, ports: Ports): Legs {
  if (outcome.status === 'unreachable') return standInFirst(outcome, opening, payment, ports);
  const { fault, reason } = outcome;
  const { transaction } = opening.facts;
  ports.log.warn({ event: 'authorise.not-asked', transaction, network: opening.network, fault, reason });
  return { network: Promise.resolve(outcome), pop: Promise.resolve(unopenedProof(opening, reason)) };
}

function standInFirst(unsent: Unreachable, opening: OpeningBody, payment: Payment, ports: Ports): Legs {
  const network = ports.standIn.cover(unsent, standInQuestion(opening, payment));
  const pop = network.then(({ standIn }) =>
    standIn?.approved
      ? openProof(opening, payment.inbound, ports)
      : unopenedProof(opening, 'nothing is approved that it could witness'),
  );
  return { network, pop };
}

async function openProof(opening: OpeningBody, inbound: PaymentInbound, ports: Ports): Promise<PopOutcome> {
  const proof = popPurchase(opening.facts, opening.pop, opening.facts.amount.minorUnits);
  if (!proof) return NOT_APPLICABLE;
  if (isOver(inbound, ports)) return unopenedProof(opening, 'no time was left to open the leg');
  return ports.pop.initiate(proof, inbound.joinBy);
}

function unopenedProof({ pop }: OpeningBody, reason: string): PopOutcome {
  return pop ? { status: 'unreachable', reason } : NOT_APPLICABLE;
}

function isOver({ joinBy }: Pick<PaymentInbound, 'joinBy'>, { clock }: Pick<Ports, 'clock'>): boolean {
  return clock.monotonic() >= joinBy;
}

/** Waits for both legs. They end in any order, at the latest at their deadline. */
async function join(legs: Legs, ports: Ports): Promise<{ network: NetworkLegOutcome; pop: PopOutcome }> {
  const networkEnded = legs.network.then((outcome) => {
    ports.checkpoint('network-answered');
    return outcome;
  });
  const [network, pop] = await Promise.all([networkEnded, legs.pop]);
  return { network, pop };
}

/** What is not durable by the last moment is not approved: nobody would hear of it in time. */
async function decide(
  opening: OpeningBody,
  decided: DecidedBody,
  { lastMoment }: Pick<PaymentInbound, 'lastMoment'>,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  const { transaction } = opening.facts;
  const entry = decisionEntry(opening, decided);
  try {
    const { status } = await ports.journal.append(entry, lastMoment);

    if (status !== 'appended') {
      ports.log.warn({ event: 'authorise.superseded', transaction });
      recordOvertaken(transaction, decided.network, ports);
      return undefined;
    }
    ports.checkpoint('decided');
    return decided.reply;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    return undecidable(opening, decided, error, ports);
  }
}

/**
 * The decision could not be made durable. Nothing is approved: the legs are undone as soon as the journal is back,
 * unless it shows then that the decision was stored after all. Where it certainly was not, the terminal is declined;
 * where it may have been, silence leaves the last word to the terminal's repeat or reversal.
 */
function undecidable(
  opening: OpeningBody,
  decided: DecidedBody,
  error: JournalError,
  ports: Ports,
): ReplyFields | undefined {
  const { transaction } = opening.facts;
  ports.log.error({ event: 'authorise.undecidable', transaction, committed: error.committed, err: error });
  const reply = declineReply(opening.facts, new Refusal('SW_JOURNAL').responseCode);
  const followUps = undoLegs(decided.network, decided.pop);
  const undone: DecidedBody = { ...decided, approved: false, reply, followUps };
  // A reversal may be first: then the approval is written down as one that came beside it.
  const overtaken = () => recordOvertaken(transaction, decided.network, ports);
  ports.unsettled.add(decisionEntry(opening, undone), intentionOf(opening), overtaken);
  return error.committed === 'no' ? reply : undefined;
}

/**
 * What is decided, without its claims: its legs were opened, so it must be there, whoever has its keys by now.
 */
function intentionOf(body: OpeningBody): NewEntry {
  return { transaction: body.facts.transaction, version: 1, kind: 'intended', body };
}

/** Closes an intended transaction whose legs were never opened. */
function decline(
  opening: OpeningBody,
  refusal: Refusal,
  inbound: PaymentInbound,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  const { transaction } = opening.facts;
  ports.log.warn({ event: 'authorise.declined', transaction, code: refusal.code, err: refusal.cause });
  const body = notSentBody(opening, refusal);
  return decide(opening, inbound.waited ? { ...body, waited: true } : body, inbound, ports);
}

function notSent(opening: OpeningBody, code: 'SW_JOURNAL'): NewEntry {
  return decisionEntry(opening, notSentBody(opening, new Refusal(code)));
}

function notSentBody(opening: OpeningBody, refusal: Refusal): DecidedBody {
  return {
    network: { status: 'unreachable', reason: refusal.code },
    pop: unopenedProof(opening, refusal.code),
    approved: false,
    reply: declineReply(opening.facts, refusal.responseCode),
    followUps: [],
  };
}

function neverOpened(opening: OpeningBody, reason: string): Legs {
  return {
    network: Promise.resolve({ status: 'not-asked', fault: 'overloaded', reason }),
    pop: Promise.resolve(unopenedProof(opening, reason)),
  };
}
