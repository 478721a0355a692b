import {
  type HoldLife,
  holdLife,
  presenceOf,
  type TransactionFacts,
  type TransactionKind,
} from '../../connectors/index.ts';
import { timeOrderedUuid } from '../../runtime/index.ts';
import {
  type CardInbound,
  type Party,
  type PaymentInbound,
  regionOf,
  type Witness,
} from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { type PaymentRequest, transmissionTime } from '../requests/understand.ts';
import type { OpeningBody, PopParties } from '../transaction/entries.ts';
import { asNetworkKnows, type KeptFacts, keptNumbers } from '../transaction/network-facts.ts';
import { receiptHash } from './receipt.ts';

// What is written down before a leg opens. Everything that a reversal, a repair or an operator needs later is here, and
// nothing that PCI DSS 3.3.1 forbids to keep: the PAN only in its two stored forms, no track, no PIN.

/** What a transaction is opened with: everything of it that may be written down. */
export interface OpeningParts {
  readonly inbound: CardInbound & Pick<PaymentInbound, 'witness' | 'waited'>;
  readonly request: Omit<PaymentRequest, 'service'>;
  readonly kind: TransactionKind;
  /** Whether its service is witnessed by the consensus. */
  readonly pop: boolean;
  readonly network: string;
}

type OpeningPorts = Pick<Ports, 'clock' | 'random' | 'numbers' | 'networks'>;

/** So many numbers are tried where the link still waits for the answer to one: then all of them may be. */
const TRIES = 3;

/** The first entry's body. @throws Refusal SW_NUMBERS */
export function openingBody(parts: OpeningParts, ports: OpeningPorts): OpeningBody {
  const { listener, party, card, witness, waited } = parts.inbound;
  const transaction = waited?.transaction ?? timeOrderedUuid(ports.clock, ports.random);
  const own = factsOf(parts, transaction, ports);
  const isHold = parts.kind === 'pre-authorisation';
  const facts = {
    ...numbered(own, parts.network, ports),
    ...(isHold && { hold: lifeOf(own, parts, ports) }),
  };
  return {
    facts,
    listener: listener.name,
    network: parts.network,
    panCiphertext: card.ciphertext,
    cardReference: card.reference,
    pop: parts.pop ? popParties(facts, card.reference, party, witness) : null,
  };
}

/**
 * What the network will know it by: numbers of ours, whatever the terminal counts. They are written down before they
 * are used; which of them a link still has in use is asked before.
 * @throws Refusal SW_NUMBERS
 */
export function numbered(
  facts: TransactionFacts,
  network: string,
  { numbers, networks }: Pick<Ports, 'numbers' | 'networks'>,
): KeptFacts {
  const connector = networks.get(network);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const own = numbers.next(network);
    if (!own) break;
    const kept = { ...facts, ...keptNumbers(own) };
    if (connector?.isFree?.(asNetworkKnows(kept)) ?? true) return kept;
  }
  throw new Refusal('SW_NUMBERS', { network, stan: facts.stan });
}

/**
 * The numbers of a message of its own about what is known already: the network hears of it under the same reference.
 * @throws Refusal SW_NUMBERS
 */
export function ownNumbers(
  { facts, network }: OpeningBody,
  ports: Pick<OpeningPorts, 'clock' | 'numbers' | 'networks'>,
) {
  const { stan } = asNetworkKnows(numbered(facts, network, ports));
  return { stan, transmittedAt: transmissionTime(ports.clock) };
}

/** What may be written down of a request. */
export function factsOf(
  { inbound: { party, listener }, request, kind }: Pick<OpeningParts, 'inbound' | 'request' | 'kind'>,
  transaction: string,
  ports: Pick<Ports, 'clock'>,
): TransactionFacts {
  return {
    transaction,
    kind,
    processingCode: request.processingCode,
    amount: request.amount,
    ...(request.cashbackMinorUnits !== undefined && { cashbackMinorUnits: request.cashbackMinorUnits }),
    transmittedAt: transmissionTime(ports.clock),
    stan: request.stan,
    localTime: request.localTime,
    localDate: request.localDate,
    // A merchant of ours is what it is registered as, whatever its terminal says.
    merchantCategory: (party.terminal ? undefined : request.merchantCategory) ?? party.merchant.category,
    posEntryMode: request.posEntryMode,
    posConditionCode: request.posConditionCode,
    acquirer: request.acquirer ?? listener.acquirer,
    rrn: request.rrn,
    terminal: request.terminal,
    merchant: request.merchant,
    maskedPan: request.card.pan.masked(),
  };
}

/** How long a pre-authorisation lives, or what is added to it now. */
export function lifeOf(
  { merchantCategory: category, posEntryMode }: TransactionFacts,
  { inbound, network }: Pick<OpeningParts, 'inbound' | 'network'>,
  { clock, networks }: Pick<Ports, 'clock' | 'networks'>,
): HoldLife {
  const isFinal = inbound.party.merchant.authorisations === 'final';
  const asked = { ...presenceOf(posEntryMode), category, isFinal, region: regionOf(inbound) };
  return holdLife(networks.get(network)?.rules.holds, asked, clock.wall());
}

/** Who takes part in the proof of a purchase, or `null` where the merchant is not enrolled. */
export function popParties(
  facts: TransactionFacts,
  cardReference: string,
  party: Party,
  witness?: Witness,
): PopParties | null {
  if (party.merchant.pop === 'off') return null;
  const known = { consumer: cardReference, merchant: facts.merchant.trimEnd() };
  return { ...known, receiptHash: witness?.receiptHash ?? receiptHash(facts), ...witness };
}
