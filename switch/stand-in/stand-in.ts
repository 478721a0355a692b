import type { CardData, NetworkOutcome, TransactionFacts, Unreachable } from '../../connectors/index.ts';
import { HsmError } from '../../hsm/index.ts';
import type { PinBlock } from '../../messages/index.ts';
import {
  atDeadline,
  type Clock,
  type Log,
  type Monotonic,
  type Random,
  utcCalendar,
} from '../../runtime/index.ts';
import type { IssuerStandIn, MerchantStandIn, StandInSettings } from '../config/stand-in.ts';
import type { Journal } from '../journal/journal.ts';
import { type Allowance, Allowances } from './allowances.ts';
import {
  type CardVerifier,
  checkCardValue,
  chipDecision,
  type EnteredPin,
  expiriesOf,
  pinCheck,
  serviceCodeOf,
} from './card-checks.ts';
import { DeclinedCards } from './declined-cards.ts';
import { issuerOf, ruleOut, STAND_IN_REFUSALS, type StandInLimits, type StandInRefusal } from './rules.ts';

/** What the switch decided in the issuer's stead. */
export type StandInDecision =
  | { readonly approved: true; readonly approvalCode: string }
  | { readonly approved: false; readonly code: string; readonly reason: StandInRefusal };

/** How a network leg ended, with what was decided in the issuer's stead where nothing of it was sent. */
export type NetworkLegOutcome = Exclude<NetworkOutcome, Unreachable> | UnsentLeg;

/** A network leg of which nothing was sent. */
export type UnsentLeg = Unreachable & { readonly standIn?: StandInDecision };

/** What a stand-in is asked about. */
export interface StandInQuestion {
  readonly facts: TransactionFacts;
  readonly cardReference: string;
  readonly card: Omit<CardData, 'pinBlock'>;
  /** DE18 as the terminal says it: its merchant may be registered under another category. */
  readonly saidCategory?: string | undefined;
  /** Some of it is handed out in cash. */
  readonly asksForCash: boolean;
  /** Under the terminal's own key. */
  readonly pinBlock: PinBlock | undefined;
  readonly pinKey: string | undefined;
  readonly merchant: MerchantStandIn | undefined;
  readonly deadline: Monotonic;
}

export interface StandInPorts {
  readonly journal: Pick<Journal, 'append'>;
  readonly hsm: CardVerifier;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The last place where a month ends. */
/** Of format 4. */
const LONG_BLOCK_BYTES = 16;
const BEHIND_UTC_MS = 12 * 3_600_000;
const APPROVAL_CODE_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** Approves in the issuer's stead while the network is unreachable, within limits that are never exceeded. */
export class StandIn {
  readonly #settings: StandInSettings | undefined;
  readonly #negativeList: ReadonlySet<string>;
  readonly #ports: StandInPorts;
  readonly #allowances: Allowances;
  readonly #declined: DeclinedCards;

  /** @param settings without them nothing is stood in for */
  constructor(settings: StandInSettings | undefined, ports: StandInPorts) {
    this.#settings = settings;
    this.#negativeList = new Set(settings?.negativeList);
    this.#ports = ports;
    this.#allowances = new Allowances(ports);
    this.#declined = new DeclinedCards(ports.clock);
  }

  /** What an issuer said of a card: what it declines is not approved in its stead afterwards. */
  heard(cardReference: string, outcome: NetworkLegOutcome): void {
    if (!this.#settings) return;
    if (outcome.status === 'refused') this.#declined.note(cardReference, outcome.code);
    else if (outcome.status === 'approved') this.#declined.forget(cardReference);
  }

  /**
   * A network leg of which nothing was sent, with a decision in the issuer's stead where one may be made. Never asked
   * of a leg whose outcome is unknown: there the issuer may have decided already. Ends by the deadline, never rejects.
   */
  async cover(outcome: Unreachable, question: StandInQuestion): Promise<UnsentLeg> {
    if (!this.#settings || !question.merchant) return outcome;
    const decision = await this.#byDeadline(question);
    const { transaction, merchant, amount } = question.facts;
    const { minorUnits, currency } = amount;
    const facts = { transaction, merchant: merchant.trimEnd(), minorUnits, currency };
    if (decision.approved) this.#ports.log.warn({ event: 'stand-in.approved', ...facts });
    else this.#ports.log.info({ event: 'stand-in.refused', reason: decision.reason, ...facts });
    return { ...outcome, standIn: decision };
  }

  #byDeadline(question: StandInQuestion): Promise<StandInDecision> {
    const { clock, log } = this.#ports;
    const late = Promise.withResolvers<StandInDecision>();
    const timer = atDeadline(clock, question.deadline, () => late.resolve(refused('no-time')));
    const decided = this.#decide(question).catch((error: unknown) => {
      const reason = error instanceof HsmError ? 'no-hsm' : 'no-journal';
      log.error({ event: 'stand-in.failed', transaction: question.facts.transaction, reason, err: error });
      return refused(reason);
    });
    return Promise.race([decided, late.promise]).finally(() => timer.cancel());
  }

  /** @throws HsmError, JournalError */
  async #decide(question: StandInQuestion): Promise<StandInDecision> {
    const { facts, card, merchant, cardReference, pinBlock, saidCategory, asksForCash } = question;
    const issuer = issuerOf(this.#settings?.issuers ?? [], card.pan.iin(8));
    const { kind, processingCode, merchantCategory, posEntryMode, posConditionCode, amount } = facts;
    const ruled = ruleOut({
      kind,
      processingCode,
      merchantCategory,
      saidCategory,
      asksForCash,
      posEntryMode,
      posConditionCode,
      ...amount,
      expiries: expiriesOf(card),
      month: this.#month(),
      serviceCode: serviceCodeOf(card),
      hasCardData: (card.track2 ?? card.track1 ?? card.emv) !== undefined,
      merchant,
      issuer,
      isListed: this.#negativeList.has(cardReference),
      isDeclined: this.#declined.has(cardReference),
      chip: chipDecision(card.emv),
      hasPin: pinBlock !== undefined,
    });
    if ('refused' in ruled || !issuer) return refused('refused' in ruled ? ruled.refused : 'issuer-unknown');
    const wrong =
      (await checkCardValue(card, facts.posEntryMode, issuer, this.#ports.hsm)) ??
      (await this.#checkPin(question, issuer)) ??
      (await this.#reserve(question, ruled.limits));
    return wrong ? refused(wrong) : { approved: true, approvalCode: this.#approvalCode() };
  }

  /** A PIN is counted before it is verified: while the issuer is away nobody else counts the tries. */
  async #checkPin(
    { facts, card, cardReference, pinBlock, pinKey, deadline }: StandInQuestion,
    issuer: IssuerStandIn,
  ): Promise<StandInRefusal | undefined> {
    if (!pinBlock) return undefined;
    const isRight = pinCheck(card, issuer, this.#ports.hsm);
    if (!isRight || pinKey === undefined) return 'pin-unverifiable';
    const tries: Allowance = {
      key: `stand-in|pin|${cardReference}|${this.#day()}`,
      limit: { count: issuer.pinTriesPerCardDay, minorUnits: 0 },
    };
    if (await this.#allowances.take(facts.transaction, 0, [tries], deadline)) return 'pin-tries';
    const isLong = pinBlock.length === LONG_BLOCK_BYTES;
    const entered: EnteredPin = { block: pinBlock, key: pinKey, ...(isLong && { format: 4 }) };
    return (await isRight(entered)) ? undefined : 'pin-wrong';
  }

  async #reserve(
    { facts, cardReference, deadline }: StandInQuestion,
    limits: StandInLimits,
  ): Promise<StandInRefusal | undefined> {
    const { transaction, merchant, amount } = facts;
    const scope = `${this.#day()}|${amount.currency}`;
    const card = { key: `stand-in|card|${cardReference}|${scope}`, limit: limits.card };
    const shop = { key: `stand-in|merchant|${merchant.trimEnd()}|${scope}`, limit: limits.merchant };
    const missing = await this.#allowances.take(transaction, amount.minorUnits, [card, shop], deadline);
    if (!missing) return undefined;
    return missing.exhausted === card.key ? 'limit-card' : 'limit-merchant';
  }

  /** YYMM, half a day behind: a card is good as long as its month lasts anywhere. */
  #month(): string {
    const { year, month } = utcCalendar(this.#ports.clock.wall() - BEHIND_UTC_MS);
    return `${String(year % 100).padStart(2, '0')}${String(month).padStart(2, '0')}`;
  }

  /** Days are counted in UTC. */
  #day(): string {
    const { year, month, day } = utcCalendar(this.#ports.clock.wall());
    return `${year}${String(month).padStart(2, '0')}${String(day).padStart(2, '0')}`;
  }

  /** DE38: an S, so that people see at once who approved, and five characters that are hard to misread. */
  #approvalCode(): string {
    const { random } = this.#ports;
    const pick = () => APPROVAL_CODE_ALPHABET.charAt(random.integer(APPROVAL_CODE_ALPHABET.length));
    return `S${Array.from({ length: 5 }, pick).join('')}`;
  }
}

function refused(reason: StandInRefusal): StandInDecision {
  return { approved: false, code: STAND_IN_REFUSALS[reason].code, reason };
}
