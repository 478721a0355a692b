import type { HeldTransaction, NetworkOutcome, TransactionFacts } from '../../connectors/index.ts';
import type { PinBlock } from '../../messages/index.ts';
import type { Monotonic } from '../../runtime/index.ts';
import { type Admission, admit } from '../admission/admit.ts';
import type { Inbound } from '../admission/inbound.ts';
import { type ProvenCard, proveCard, translatePin } from '../admission/prove.ts';
import { Refusal } from '../errors.ts';
import { networkNumbers } from '../follow-up/reverse-network.ts';
import { JournalError, type NewEntry } from '../journal/journal.ts';
import type { Ports } from '../ports.ts';
import { originalKey, referenceKey, requestFingerprint, requestKey } from '../requests/keys.ts';
import { type PaymentRequest, understandPayment } from '../requests/understand.ts';
import { readTransaction } from '../transaction/append-next.ts';
import { followUp } from '../transaction/decision-entry.ts';
import type { EntryBodies, OpeningBody, ReplyFields } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import { isOpenIncrement } from '../transaction/increments.ts';
import { stateAfter } from '../transaction/life-cycle.ts';
import { decideOutcome } from '../transaction/outcome-table.ts';
import { declineReply, legsReply } from '../transaction/reply-fields.ts';
import { factsOf } from './opening.ts';
import { replay } from './replay.ts';

const NOT_APPLICABLE = { status: 'not-applicable' } as const;
const MAX_COLLISIONS = 20;

/**
 * More for a pre-authorisation (0100, DE25 06, with DE37 and DE38 of the original): an authorisation of its own at the
 * network, and part of the original here, so that completion, void and reversal see one transaction. As in
 * `authorise`, its intention is durable before a byte leaves and its decision before the terminal hears it. What ends
 * the original meanwhile wins: then nothing is told, and the network's part is reversed.
 *
 * @throws Refusal SW_ORIGINAL_UNKNOWN, SW_ORIGINAL_STATE, SW_CARD_CONTRADICTORY, SW_AMOUNT, and what `authorise` throws
 */
export async function increment(inbound: Inbound, ports: Ports): Promise<ReplyFields | undefined> {
  const request = understandPayment(inbound.message, ports.clock);
  const admission = admit(request, inbound.listener, ports.directory, ports.networks);
  const card = await proveCard(inbound, admission, request.card.pan, ports);
  const key = requestKey(inbound.listener.name, request);
  const fingerprint = requestFingerprint(card.reference, request);
  const running = ports.inFlight.find(key);
  if (running?.fingerprint === fingerprint) return running.reply;
  if (ports.inFlight.full) throw new Refusal('SW_OVERLOADED', { inFlight: ports.inFlight.size });
  const deadline = inbound.receivedAt + ports.settings.deadlineMs - ports.settings.replyMarginMs;
  const asked: Asked = { inbound, request, admission, card, key, fingerprint, deadline };
  const work = () => incrementOnce(asked, ports);
  return running ? work() : ports.inFlight.run(key, fingerprint, work);
}

interface Asked {
  readonly inbound: Inbound;
  readonly request: PaymentRequest;
  readonly admission: Admission;
  readonly card: ProvenCard;
  readonly key: string;
  readonly fingerprint: string;
  readonly deadline: Monotonic;
}

async function incrementOnce(asked: Asked, ports: Ports): Promise<ReplyFields | undefined> {
  const { inbound, request, admission, deadline } = asked;
  const pinTranslated = translatePin(inbound, request, admission, ports.hsm);
  const intended = await intend(asked, ports);
  if ('repeated' in intended) return replay(intended.repeated, asked.fingerprint, deadline, ports, asked.key);
  ports.checkpoint('intended');

  const pin = await pinTranslated;
  if ('refusal' in pin) return decide(intended, unsent(pin.refusal), asked, ports, pin.refusal.responseCode);
  const network = await ask(intended, asked, pin.block, ports);
  ports.checkpoint('network-answered');
  return decide(intended, network, asked, ports);
}

interface Intended {
  readonly opening: OpeningBody;
  readonly facts: TransactionFacts;
  readonly addsTo: HeldTransaction;
}

/**
 * Durable point 1. With it goes the follow-up that closes the increment should this node not live to decide it.
 * @throws Refusal
 */
async function intend(
  asked: Asked,
  ports: Ports,
): Promise<Intended | { readonly repeated: { readonly transaction: string; readonly fingerprint: string } }> {
  const { inbound, request, admission, key, fingerprint, deadline } = asked;
  const { journal, settings } = ports;
  const listener = inbound.listener.name;
  const parts = { inbound, request, party: admission, kind: 'increment' } as const;
  try {
    for (let collisions = 0; collisions < MAX_COLLISIONS; collisions += 1) {
      const repeated = await journal.transactionOf(key);
      if (repeated) return { repeated };
      const held = await journal.transactionOf(
        referenceKey(listener, request.terminal, request.refersTo ?? ''),
      );
      if (!held) throw new Refusal('SW_ORIGINAL_UNKNOWN', { element: 'DE37' });
      const found = await readTransaction(journal, held.transaction);
      const opening = extensible(found, asked);
      const original = originalKey(listener, request.terminal, request);
      const facts = { ...factsOf(parts, found.id, ports), rrn: opening.facts.rrn };
      const openUntil = ports.clock.wall() + settings.deadlineMs;
      const body: EntryBodies['increment-intended'] = { key, original, facts, openUntil };
      const entry: NewEntry = {
        ...{ transaction: found.id, version: found.version + 1, kind: 'increment-intended', body },
        claims: [key, original].map((claimed) => ({ key: claimed, fingerprint, role: 'unique' })),
        followUps: [
          { ...followUp(found.id, 'close-increment', opening.network), runAfterMs: settings.deadlineMs },
        ],
      };
      const appended = await journal.append(entry, deadline);
      if (appended.status === 'claimed') return { repeated: appended };
      const { stan, transmittedAt } = opening.facts;
      const addsTo = { stan, transmittedAt, ...networkNumbers(found) };
      if (appended.status === 'appended') return { opening, facts, addsTo };
    }
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    throw new Refusal('SW_JOURNAL', { stan: request.stan }, { cause: error });
  }
  throw new Refusal('SW_JOURNAL', { collisions: MAX_COLLISIONS });
}

/** What an increment needs of its original. */
function extensible(found: Transaction, { request, admission, card }: Asked): OpeningBody {
  const { opening, state, increments } = found;
  if (opening?.facts.kind !== 'pre-authorisation' || !stateAfter(state, 'increment-intended')) {
    throw new Refusal('SW_ORIGINAL_STATE', { state });
  }
  if (opening.cardReference !== card.reference) {
    throw new Refusal('SW_CARD_CONTRADICTORY', { element: 'DE2' });
  }
  if (opening.facts.amount.currency !== request.amount.currency) {
    throw new Refusal('SW_AMOUNT', { element: 'DE49' });
  }
  if (increments.length >= admission.network.rules.maxIncrements) {
    throw new Refusal('SW_ORIGINAL_STATE', { increments: increments.length });
  }
  return opening;
}

async function ask(
  { facts, addsTo }: Intended,
  { admission, request, deadline }: Asked,
  pinBlock: PinBlock | undefined,
  { clock }: Ports,
): Promise<NetworkOutcome> {
  if (clock.monotonic() >= deadline) {
    return { status: 'unreachable', reason: 'no time was left to open the leg' };
  }
  const card = { ...request.card, ...(pinBlock && { pinBlock }) };
  return admission.network.authorise({ ...facts, addsTo }, card, deadline);
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
  { admission, key }: Asked,
  ports: Ports,
  code?: string,
): Promise<ReplyFields | undefined> {
  const verdict = decideOutcome(network, NOT_APPLICABLE, admission.policy);
  const reply = code === undefined ? legsReply(facts, verdict, network) : declineReply(facts, code);
  const body = { key, network, approved: verdict.approved, reply };
  const { transaction } = facts;
  const followUps = verdict.followUps.map((task) => followUp(transaction, task, opening.network));
  try {
    for (let collisions = 0; collisions < MAX_COLLISIONS; collisions += 1) {
      const now = await readTransaction(ports.journal, transaction);
      if (!isOpenIncrement(now, key)) {
        ports.log.warn({ event: 'increment.superseded', transaction });
        return undefined;
      }
      const entry: NewEntry = {
        transaction,
        version: now.version + 1,
        kind: 'increment-decided',
        body,
        followUps,
      };
      const { status } = await ports.journal.append(entry);
      if (status !== 'appended') continue;
      ports.checkpoint('decided');
      return reply;
    }
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    // Whatever the network said is reversed, unless the decision was stored after all.
    ports.log.error({ event: 'increment.undecidable', transaction, committed: error.committed, err: error });
    return error.committed === 'no' ? declineReply(facts, new Refusal('SW_JOURNAL').responseCode) : undefined;
  }
  return undefined;
}
