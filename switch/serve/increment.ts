import type { HeldTransaction, NetworkOutcome, TransactionFacts } from '../../connectors/index.ts';
import type { PinBlock } from '../../messages/index.ts';
import type { CardInbound } from '../admission/inbound.ts';
import { translatePin } from '../admission/prove.ts';
import { Refusal } from '../errors.ts';
import { networkNumbers } from '../follow-up/reverse-network.ts';
import { JournalError, type NewEntry } from '../journal/journal.ts';
import type { Ports } from '../ports.ts';
import { originalKey, referenceKey } from '../requests/keys.ts';
import { readTransaction } from '../transaction/append-next.ts';
import { followUp } from '../transaction/decision-entry.ts';
import type { EntryBodies, OpeningBody, ReplyFields } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import { isOpenIncrement } from '../transaction/increments.ts';
import { stateAfter } from '../transaction/life-cycle.ts';
import { decideOutcome } from '../transaction/outcome-table.ts';
import { declineReply, legsReply } from '../transaction/reply-fields.ts';
import { beginPayment, type Payment } from './begin-payment.ts';
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
export function increment(inbound: CardInbound, ports: Ports): Promise<ReplyFields | undefined> {
  return beginPayment(inbound, ports, (payment) => incrementOnce(payment, ports));
}

async function incrementOnce(payment: Payment, ports: Ports): Promise<ReplyFields | undefined> {
  const { inbound, request, route, key, fingerprint } = payment;
  const pinTranslated = translatePin(inbound, request, route, ports.hsm);
  const intended = await intend(payment, ports);
  if ('repeated' in intended) return replay(intended.repeated, fingerprint, inbound.joinBy, ports, key);
  ports.checkpoint('intended');

  const pin = await pinTranslated;
  if ('refusal' in pin) {
    return decide(intended, unsent(pin.refusal), payment, ports, pin.refusal.responseCode);
  }

  const network = await ask(intended, payment, pin.block, ports);
  ports.checkpoint('network-answered');
  return decide(intended, network, payment, ports);
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
  payment: Payment,
  ports: Ports,
): Promise<Intended | { readonly repeated: { readonly transaction: string; readonly fingerprint: string } }> {
  const { inbound, request, key, fingerprint } = payment;
  const { journal, settings } = ports;
  const listener = inbound.listener.name;
  const parts = { inbound, request, kind: 'increment' } as const;
  try {
    for (let collisions = 0; collisions < MAX_COLLISIONS; collisions += 1) {
      const repeated = await journal.transactionOf(key);
      if (repeated) return { repeated };
      const held = await journal.transactionOf(
        referenceKey(listener, request.terminal, request.refersTo ?? ''),
      );
      if (!held) throw new Refusal('SW_ORIGINAL_UNKNOWN', { element: 'DE37' });
      const found = await readTransaction(journal, held.transaction);
      const opening = extensible(found, payment);
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
      const appended = await journal.append(entry, inbound.joinBy);
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
function extensible(found: Transaction, { inbound, request, route }: Payment): OpeningBody {
  const { opening, state, increments } = found;
  if (opening?.facts.kind !== 'pre-authorisation' || !stateAfter(state, 'increment-intended')) {
    throw new Refusal('SW_ORIGINAL_STATE', { state });
  }
  if (opening.cardReference !== inbound.card.reference) {
    throw new Refusal('SW_CARD_CONTRADICTORY', { element: 'DE2' });
  }
  if (opening.facts.amount.currency !== request.amount.currency) {
    throw new Refusal('SW_AMOUNT', { element: 'DE49' });
  }
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
    return { status: 'unreachable', reason: 'no time was left to open the leg' };
  }
  const card = { ...request.card, ...(pinBlock && { pinBlock }) };
  return route.network.authorise({ ...facts, addsTo }, card, deadline);
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
  { route, key }: Payment,
  ports: Ports,
  code?: string,
): Promise<ReplyFields | undefined> {
  const verdict = decideOutcome(network, NOT_APPLICABLE, route.policy);
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
