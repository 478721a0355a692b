import type { NetworkOutcome, PopOutcome, TransactionFacts } from '../connectors/index.ts';
import type { PinBlock } from '../messages/index.ts';
import { type Monotonic, timeOrderedUuid } from '../runtime/index.ts';
import { type Admission, admit } from './admit.ts';
import type { ListenerSettings } from './config/settings.ts';
import { decisionEntry } from './decision-entry.ts';
import { Refusal } from './errors.ts';
import { idempotencyKey, requestFingerprint } from './idempotency.ts';
import { JournalError, type NewEntry } from './journal/journal.ts';
import { decideOutcome } from './outcome-table.ts';
import { popPurchase } from './pop-purchase.ts';
import type { Ports } from './ports.ts';
import { type ProvenCard, proveCard, translatePin } from './prove.ts';
import { receiptHash } from './receipt.ts';
import { replay } from './replay.ts';
import { declineReply, legsReply } from './reply-fields.ts';
import type { TerminalMessage } from './terminal-message.ts';
import type { DecidedBody, IntendedBody, ReplyFields } from './transaction.ts';
import { type PurchaseRequest, transmissionTime, understandPurchase } from './understand.ts';

/** A message as the listener hands it over. */
export interface Inbound {
  readonly message: TerminalMessage;
  readonly listener: ListenerSettings;
  /** The bytes that the MAC covers and the MAC, where the message has one. */
  readonly sealed: { readonly covered: Buffer; readonly mac: Buffer } | undefined;
  readonly receivedAt: Monotonic;
}

/**
 * One authorisation, from the message to what the terminal is told. Read it from top to bottom:
 * understand → admit → intend (durable) → fork → join → decide (durable) → reply.
 *
 * @returns the reply, or nothing where silence is the only honest answer (the journal may or may not have taken
 *   the decision: the terminal's own reversal settles it)
 * @throws Refusal for everything that is refused before a leg opens
 */
export async function authorise(inbound: Inbound, ports: Ports): Promise<ReplyFields | undefined> {
  const request = understandPurchase(inbound.message, ports.clock);
  const admission = admit(request, inbound.listener, ports.directory, ports.networks);
  const card = await proveCard(inbound, admission, request.card.pan, ports.hsm);

  const key = idempotencyKey(inbound.listener.name, request);
  const fingerprint = requestFingerprint(card.reference, request);
  const running = ports.inFlight.find(key);
  if (running && running.fingerprint !== fingerprint)
    throw new Refusal('SW_KEY_REUSED', { stan: request.stan });
  if (running) return running.reply;
  if (ports.inFlight.full) throw new Refusal('SW_OVERLOADED', { inFlight: ports.inFlight.size });

  const deadline = inbound.receivedAt + ports.settings.deadlineMs - ports.settings.replyMarginMs;
  const purchase: Purchase = { inbound, request, admission, card, key, fingerprint, deadline };
  return ports.inFlight.run(key, fingerprint, () => authoriseOnce(purchase, ports));
}

interface Purchase {
  readonly inbound: Inbound;
  readonly request: PurchaseRequest;
  readonly admission: Admission;
  readonly card: ProvenCard;
  readonly key: string;
  readonly fingerprint: string;
  /** When the legs are joined at the latest. */
  readonly deadline: Monotonic;
}

async function authoriseOnce(purchase: Purchase, ports: Ports): Promise<ReplyFields | undefined> {
  const { request, admission, deadline } = purchase;
  const intended = intend(purchase, ports);
  const { facts } = intended;

  // Durable point 1: no byte of a leg leaves before the intention is committed. The PIN is translated meanwhile.
  const pinTranslated = translatePin(request, admission, ports.hsm);
  const appended = await appendIntention(purchase, intended, ports);
  if (appended.status === 'claimed') return replay(appended, purchase.fingerprint, deadline, ports);
  ports.checkpoint('intended');

  const pin = await pinTranslated;
  if ('refusal' in pin) return decline(intended, pin.refusal, ports);

  const outcome = await join(fork(intended, purchase, pin.block, ports), ports);
  ports.checkpoint('joined');

  const verdict = decideOutcome(outcome.network, outcome.pop, admission.popPolicy);
  const reply = legsReply(facts, verdict, outcome.network);
  const { approved, followUps, caseKind } = verdict;
  const decided: DecidedBody = { ...outcome, approved, reply, followUps, ...(caseKind && { caseKind }) };

  // Durable point 2: what the terminal is told is committed first, together with the work it implies.
  return decide(intended, decided, ports);
}

function intend({ inbound, request, admission, card }: Purchase, ports: Ports): IntendedBody {
  const facts: TransactionFacts = {
    transaction: timeOrderedUuid(ports.clock, ports.random),
    kind: 'purchase',
    processingCode: request.processingCode,
    amount: request.amount,
    transmittedAt: transmissionTime(ports.clock),
    stan: request.stan,
    localTime: request.localTime,
    localDate: request.localDate,
    merchantCategory: request.merchantCategory ?? admission.merchant.category,
    posEntryMode: request.posEntryMode,
    posConditionCode: request.posConditionCode,
    acquirer: request.acquirer ?? inbound.listener.acquirer,
    rrn: request.rrn,
    terminal: request.terminal,
    merchant: request.merchant,
    maskedPan: request.card.pan.masked(),
  };
  const enrolled = admission.merchant.pop !== 'off';
  return {
    facts,
    listener: inbound.listener.name,
    network: admission.network.name,
    panCiphertext: card.ciphertext,
    cardReference: card.reference,
    pop: enrolled
      ? { consumer: card.reference, merchant: facts.merchant.trimEnd(), receiptHash: receiptHash(facts) }
      : null,
  };
}

/** @throws Refusal SW_JOURNAL: nothing was sent, and if the intention was stored after all it is closed later */
async function appendIntention(purchase: Purchase, body: IntendedBody, ports: Ports) {
  const transaction = body.facts.transaction;
  const claim = { key: purchase.key, fingerprint: purchase.fingerprint };
  try {
    return await ports.journal.append({ transaction, version: 1, kind: 'intended', body, claim });
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    if (error.committed === 'unknown') ports.unsettled.add(notSent(body, 'SW_JOURNAL', ports));
    throw new Refusal('SW_JOURNAL', { stan: body.facts.stan }, { cause: error });
  }
}

interface Legs {
  readonly network: Promise<NetworkOutcome>;
  readonly pop: Promise<PopOutcome>;
}

/** Opens both legs at once. Each ends by the deadline with an outcome; neither ever rejects. */
function fork(
  intended: IntendedBody,
  purchase: Purchase,
  pinBlock: PinBlock | undefined,
  ports: Ports,
): Legs {
  const { admission, request, deadline } = purchase;
  if (ports.clock.monotonic() >= deadline) return neverOpened('no time was left to open the legs');
  const card = { ...request.card, ...(pinBlock && { pinBlock }) };
  const proof = popPurchase(intended);
  const legs: Legs = {
    network: admission.network.authorise(intended.facts, card, deadline),
    pop: proof ? ports.pop.initiate(proof, deadline) : Promise.resolve({ status: 'not-applicable' }),
  };
  ports.checkpoint('forked');
  return legs;
}

/** Waits for both legs. They end in any order, at the latest at their deadline. */
async function join(legs: Legs, ports: Ports): Promise<{ network: NetworkOutcome; pop: PopOutcome }> {
  const networkEnded = legs.network.then((outcome) => {
    ports.checkpoint('network-answered');
    return outcome;
  });
  const [network, pop] = await Promise.all([networkEnded, legs.pop]);
  return { network, pop };
}

async function decide(
  intended: IntendedBody,
  decided: DecidedBody,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  const { transaction } = intended.facts;
  try {
    const { status } = await ports.journal.append(decisionEntry(intended, decided, ports.settings));
    if (status !== 'appended') {
      ports.log.error({ event: 'authorise.superseded', transaction });
      return undefined;
    }
    ports.checkpoint('decided');
    return decided.reply;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    return undecidable(intended, decided, error, ports);
  }
}

/**
 * The decision could not be made durable. Nothing is approved: the legs are undone as soon as the journal is back,
 * unless it shows then that the decision was stored after all. Where it certainly was not, the terminal is declined;
 * where it may have been, silence leaves the last word to the terminal's repeat or reversal.
 */
function undecidable(
  intended: IntendedBody,
  decided: DecidedBody,
  error: JournalError,
  ports: Ports,
): ReplyFields | undefined {
  const { transaction } = intended.facts;
  ports.log.error({ event: 'authorise.undecidable', transaction, committed: error.committed, err: error });
  const reply = declineReply(intended.facts, new Refusal('SW_JOURNAL').responseCode);
  const followUps = ['reverse-network', 'cancel-pop'] as const;
  const undone: DecidedBody = { ...decided, approved: false, reply, followUps };
  ports.unsettled.add(decisionEntry(intended, undone, ports.settings));
  return error.committed === 'no' ? reply : undefined;
}

/** Closes an intended transaction whose legs were never opened. */
function decline(intended: IntendedBody, refusal: Refusal, ports: Ports): Promise<ReplyFields | undefined> {
  const { transaction } = intended.facts;
  ports.log.warn({ event: 'authorise.declined', transaction, code: refusal.code, err: refusal.cause });
  return decide(intended, notSentBody(intended, refusal), ports);
}

function notSent(intended: IntendedBody, code: 'SW_JOURNAL', ports: Ports): NewEntry {
  return decisionEntry(intended, notSentBody(intended, new Refusal(code)), ports.settings);
}

function notSentBody({ facts, pop }: IntendedBody, refusal: Refusal): DecidedBody {
  const leg = { status: 'unreachable', reason: refusal.code } as const;
  return {
    network: leg,
    pop: pop ? leg : { status: 'not-applicable' },
    approved: false,
    reply: declineReply(facts, refusal.responseCode),
    followUps: [],
  };
}

function neverOpened(reason: string): Legs {
  return {
    network: Promise.resolve({ status: 'unreachable', reason }),
    pop: Promise.resolve({ status: 'unreachable', reason }),
  };
}
