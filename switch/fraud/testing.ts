import { Pan } from '../../messages/index.ts';
import { silentLog } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { FraudRule, FraudSettings } from '../config/fraud.ts';
import type { DecidedBody, OpeningBody } from '../transaction/entries.ts';
import type { Presented } from './facts.ts';
import { FraudWatch } from './fraud-watch.ts';

/** What a test says of a payment; everything else is a purchase of 25.00 with the card read. */
export interface Said {
  readonly card?: string;
  readonly terminal?: string;
  readonly merchant?: string;
  readonly minorUnits?: number;
  readonly kind?: OpeningBody['facts']['kind'];
  readonly range?: string;
  /** DE22. */
  readonly entry?: string;
  readonly network?: string;
  readonly receipt?: string;
  readonly consumer?: string;
  readonly supplier?: string;
  readonly untied?: true;
  readonly presented?: Presented;
}

export interface Ended {
  readonly network?: DecidedBody['network'];
  readonly pop?: DecidedBody['pop'];
}

const APPROVED: DecidedBody['network'] = { status: 'approved', code: '00' };
const ACCEPTED: DecidedBody['pop'] = { status: 'accepted', validation: 'v-1' };
export const declined = (code: string): Ended => ({ network: { status: 'refused', code } });

/** A watch on virtual time, and payments that go through it as they go through the switch. */
export class Counter {
  readonly clock = new VirtualClock();
  readonly watch: FraudWatch;
  #count = 0;

  constructor(settings: Partial<FraudSettings> = {}) {
    const profiles = ['visa', 'mastercard'] as const;
    this.watch = new FraudWatch({
      settings: { mode: 'enforce', ...settings },
      networks: profiles.map((profile) => ({ name: profile, profile })) as never,
      placeOf: (merchant) => ({ 'IN-AMERICA': 'americas' })[merchant] ?? 'eea',
      clock: this.clock,
      log: silentLog,
    });
  }

  /** Judges a payment, and has it end; @returns the rules that fired */
  pay(said: Said = {}, ended: Ended = {}): string[] {
    const opening = this.open(said);
    const found = this.watch.judge(opening, said.presented);
    this.ask(opening);
    this.end(opening, ended);
    return (found?.found ?? []).map(({ id }) => id);
  }

  open(said: Said = {}): OpeningBody {
    this.#count += 1;
    return openingOf(said, this.#count);
  }

  ask(opening: OpeningBody): void {
    const { transaction } = opening.facts;
    this.watch.note({ transaction, kind: 'intended', body: opening }, this.clock.wall());
  }

  end(opening: OpeningBody, { network = APPROVED, pop = ACCEPTED }: Ended = {}): void {
    const { transaction } = opening.facts;
    const body = {
      network,
      pop,
      approved: network.status === 'approved',
      reply: { code: '00' },
      followUps: [],
    };
    this.watch.note({ transaction, kind: 'decided', body }, this.clock.wall());
  }
}

export function openingOf(said: Said, number: number): OpeningBody {
  const { card = 'a', merchant = 'SHOP', terminal = 'T1', minorUnits = 2_500, range = '424242' } = said;
  const { kind = 'purchase', entry = '051', network = 'visa', receipt, consumer, supplier, untied } = said;
  const cardReference = Buffer.from(card).toString('hex').padEnd(64, '0');
  return {
    facts: {
      transaction: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`,
      kind,
      processingCode: '000000',
      amount: { minorUnits, currency: '978' },
      transmittedAt: '1123120000',
      stan: String(number % 1_000_000).padStart(6, '0'),
      localTime: '130000',
      localDate: '1123',
      merchantCategory: '5411',
      posEntryMode: entry,
      posConditionCode: '00',
      acquirer: '123456',
      rrn: String(number).padStart(12, '0'),
      terminal,
      merchant,
      maskedPan: `${range}******4242`,
    },
    listener: 'pos',
    network,
    panCiphertext: '',
    cardReference,
    pop: {
      consumer: consumer ?? cardReference,
      merchant,
      receiptHash: receipt ?? `${String(number).padStart(16, '0')}`.padEnd(64, '0'),
      ...(supplier !== undefined && { suppliers: [supplier] }),
    },
    ...(untied && { untied }),
  };
}

/** A rule of one check. */
export function ruleOf(check: FraudRule['checks'][number], more: Partial<FraudRule> = {}): FraudRule {
  return { id: 'RULE', description: 'of a test', severity: 'low', action: 'block', checks: [check], ...more };
}

export const presented = (pan: string, expiry?: string): Presented => ({ pan: Pan.of(pan), expiry });
