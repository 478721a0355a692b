import { beforeAll } from 'vitest';
import { compile, iso87Ascii, Pan } from '../../messages/index.ts';
import type { ListenerSettings, Settings } from '../../switch/config/settings.ts';
import { followUpTasks } from '../../switch/follow-up/tasks.ts';
import type { Ports } from '../../switch/ports.ts';
import { projectTransaction, type TransactionRow } from '../../switch/projection/transaction-row.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { createService } from '../../switch/serve/serve.ts';
import { foldTransaction, type Transaction } from '../../switch/transaction/fold.ts';
import { createTestCore, inbound, purchaseMessage, type TestCore } from '../support/core.ts';

// What the tests of this folder share: money against peers that are not kind. A test that is marked `.fails` says what
// is right where the core is still wrong. It is green until the fault is mended, then red: whoever mends it takes the
// mark away. `.fails` is content with any error, so what happens is played before the test (`played`), where an error
// is red in any case, and the test itself does nothing but compare.

const codec = compile(iso87Ascii);

export const OTHER_CARD = Pan.of('4000056655665556');
export const DAY_MS = 86_400_000;
/** Longer than any deadline of the core. */
const UNTIL_ANSWERED_MS = 10_000;
export const SILENT_MS = 60_000;

/** Plays what happens once, before the tests of the enclosing block. @returns what came of it, for the tests */
export function played<T>(play: () => Promise<T>): () => T {
  let seen: { readonly value: T } | undefined;
  beforeAll(async () => {
    seen = { value: await play() };
  });
  return () => {
    if (!seen) throw new Error('nothing was played before the test');
    return seen.value;
  };
}

/** The core behind its listeners, as its terminals see it. */
export class Counter {
  readonly core: TestCore;
  readonly ports: Ports;

  constructor(settings: Partial<Settings> = {}, change: (core: TestCore) => Partial<Ports> = () => ({})) {
    this.core = createTestCore(settings);
    this.ports = { ...this.core.ports, ...change(this.core) };
  }

  /** What a peer reads as the answer, or nothing for silence; time is the caller's to let pass. */
  async asked(
    message: TerminalMessage,
    line: Partial<ListenerSettings> = {},
    seal: 'sealed' | 'unsealed' = 'sealed',
  ) {
    const { listener, sealed, receivedAt } = inbound(this.core, message);
    const service = createService({ ...listener, ...line }, codec, this.ports);
    const isSealed = seal === 'sealed';
    const request = { message, receivedAt, sealed: isSealed ? sealed : undefined, cameBefore: false };
    const packed = await service.answer(request);
    return packed && codec.parse(packed);
  }

  /** The same, once nothing of it is open any more. */
  async heard(...what: Parameters<Counter['asked']>): Promise<Heard> {
    const answer = this.asked(...what);
    await this.core.clock.advance(UNTIL_ANSWERED_MS);
    const { de37, de38, de39, de11 } = (await answer) ?? {};
    return { code: de39, rrn: de37, approvalCode: de38, stan: de11 };
  }

  /** What the journal knows of card payments, in the order in which they came. */
  payments(): Transaction[] {
    return this.#histories().flatMap((entries) => {
      const folded = foldTransaction(entries);
      return folded?.opening ? [folded] : [];
    });
  }

  payment(index = 0): Transaction {
    const found = this.payments()[index];
    if (!found) throw new Error(`there is no payment ${index}`);
    return found;
  }

  rows(cutOverHour = 0): TransactionRow[] {
    return this.#histories().flatMap((entries) => projectTransaction(entries, cutOverHour)?.row ?? []);
  }

  /** What people are asked to look at. */
  cases(): string[] {
    return this.rows().flatMap(({ cases }) => cases);
  }

  /** What was left to be done behind the answers. */
  work(): string[] {
    return this.core.journal.followUps.map(({ task }) => task);
  }

  /** One attempt at what was left to be done for a payment. */
  async follows(task: 'reverse-network' | 'advise-network' | 'complete-pop', index = 0) {
    const { id } = this.payment(index);
    return followUpTasks(this.ports)[task]({ transaction: id, attempt: 1, lane: 'of-a-test' });
  }

  #histories() {
    const { entries } = this.core.journal;
    const ids = [...new Set(entries.map(({ transaction }) => transaction))];
    return ids.map((id) => entries.filter(({ transaction }) => transaction === id));
  }
}

export interface Heard {
  readonly code: string | undefined;
  readonly rrn: string | undefined;
  readonly approvalCode: string | undefined;
  readonly stan: string | undefined;
}

/** An acquirer's line: no MAC, any terminal of any merchant. */
export const ACQUIRER_LINE: Partial<ListenerSettings> = { name: 'acquirer-hex', mac: 'none' };
/** Where the same terminals call when their first address does not answer. */
export const SECOND_ADDRESS: Partial<ListenerSettings> = { name: 'terminals-tls' };

/** 25.00 € at the first terminal: STAN 000001, DE7 23 November, 12:00:00. */
export function purchase(change: Partial<TerminalMessage> = {}): TerminalMessage {
  return purchaseMessage({ mti: '0200', ...change });
}

export function originalElements(mti = '0200', stan = '000001', transmission = '1123120000') {
  return { mti, stan, transmission, acquirer: '00000123456', forwarder: '00000000000' };
}

/** The reversal of that purchase, five minutes later; `de90` of another shape names it otherwise. */
export function reversal(change: Partial<TerminalMessage> = {}): TerminalMessage {
  return {
    ...purchaseMessage(),
    mti: '0400',
    de11: '000002',
    de7: '1123120500',
    de90: originalElements(),
    ...change,
  };
}

/** The void of what was answered with this retrieval reference. */
export function voidOf({ rrn }: Pick<Heard, 'rrn'>, change: Partial<TerminalMessage> = {}): TerminalMessage {
  return purchase({ de3: '020000', de11: '000003', de7: '1123120600', de12: '130600', de37: rrn, ...change });
}

/** DE95: what remains of the amount. */
export function replacement(minorUnits: number) {
  const transaction = String(minorUnits).padStart(12, '0');
  return {
    transaction,
    settlement: '0'.repeat(12),
    transactionFee: 'C00000000',
    settlementFee: 'C00000000',
  };
}
