import { describe, expect, test } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { developmentKeySettings } from '../config/gateway.ts';
import type { ListedPayment } from '../projection/application-payments.ts';
import type { Asking } from './core-call.ts';
import type { FoundPayment } from './found-payment.ts';
import { type EventSink, PaymentEvents } from './payment-events.ts';

const ID = '0199a000-0000-7000-8000-000000000001';
const ROW: ListedPayment = {
  transaction: ID,
  version: 2,
  state: 'approved',
  isHold: false,
  pop: 'accepted',
  network: 'approved',
  rrn: '632712000042',
  currency: '978',
  asked: 2_500,
  standing: 2_500,
  responseCode: '00',
  approvalCode: 'A1B2C3',
};

class Reader implements EventSink {
  readonly heard: string[] = [];
  writableNeedDrain = false;
  state: 'open' | 'ended' | 'destroyed' = 'open';
  #onClose = () => {};

  write(text: string): void {
    this.heard.push(text);
  }

  end(): void {
    this.state = 'ended';
    this.#onClose();
  }

  destroy(): void {
    this.state = 'destroyed';
    this.#onClose();
  }

  on(_: 'close', listener: () => void): void {
    this.#onClose = listener;
  }

  get statuses(): string[] {
    return this.heard.flatMap((text) => /"status":"(\w+)"/.exec(text)?.[1] ?? []);
  }
}

function events() {
  const clock = new VirtualClock();
  const rows: ListedPayment[] = [ROW];
  const asked: (readonly string[])[] = [];
  const standing = async (ids: readonly string[]) => {
    asked.push(ids);
    return rows;
  };
  const streams = new PaymentEvents({ pages: { standing }, clock, log: silentLog });
  const found = {
    payment: { id: ID, version: 2, state: 'approved', pop: 'accepted', standingMinorUnits: 2_500 },
    opening: { facts: { kind: 'purchase', amount: { minorUnits: 2_500, currency: '978' }, rrn: ROW.rrn } },
  } as unknown as FoundPayment;
  const askingOf = (id: string): Asking => {
    const merchant = { id, category: '5411', pop: 'optional' } as const;
    return { caller: { key: developmentKeySettings(id), merchant }, receivedAt: 0 };
  };
  const follow = (merchant = 'SHOP') => {
    const reader = new Reader();
    streams.admit(askingOf(merchant));
    streams.begin(found, askingOf(merchant), reader);
    return reader;
  };
  return { clock, rows, asked, streams, follow };
}

describe('a stream of events', () => {
  test('tells what is known, then each change once, and ends when nothing more can come', async () => {
    const { clock, rows, follow } = events();
    const reader = follow();
    expect(reader.statuses).toEqual(['PopProcessing']);
    await clock.advance(2_000);
    expect(reader.statuses).toEqual(['PopProcessing']);
    rows[0] = { ...ROW, version: 3, pop: 'validated' };
    await clock.advance(500);
    expect([reader.statuses, reader.state]).toEqual([['PopProcessing', 'Completed'], 'ended']);
    expect(reader.heard.at(-1)).toMatch(/^event: payment\nid: 3\ndata: \{.*\}\n\n$/);
  });

  test('never goes back: a row that is older than what was told is passed by', async () => {
    const { clock, rows, follow } = events();
    rows[0] = { ...ROW, version: 1, state: 'intended', pop: 'planned' };
    const reader = follow();
    await clock.advance(1_000);
    expect(reader.statuses).toEqual(['PopProcessing']);
  });

  test('gives signs of life, and ends after five minutes', async () => {
    const { clock, follow, streams } = events();
    const reader = follow();
    await clock.advance(31_000);
    expect(reader.heard.filter((text) => text.startsWith(': '))).toHaveLength(2);
    await clock.advance(270_000);
    expect([reader.state, streams.open]).toEqual(['ended', 0]);
  });

  test('of a reader that does not read is cut off', async () => {
    const { clock, follow, streams } = events();
    const reader = follow();
    reader.writableNeedDrain = true;
    await clock.advance(15_500);
    expect([reader.state, streams.open]).toEqual(['destroyed', 0]);
  });

  test('is one of twenty at most of a merchant, and others have theirs', () => {
    const { follow } = events();
    for (let each = 0; each < 20; each += 1) follow();
    expect(() => follow()).toThrow(expect.objectContaining({ code: 'GW_RATE' }));
    expect(follow('OTHER').state).toBe('open');
  });

  test('costs one question however many there are, and none when there are none', async () => {
    const { clock, asked, follow } = events();
    const readers = [follow(), follow(), follow('OTHER')];
    await clock.advance(500);
    expect(asked).toEqual([[ID]]);
    for (const reader of readers) reader.end();
    await clock.advance(500);
    const before = asked.length;
    await clock.advance(10_000);
    expect(asked.length).toBe(before);
  });

  test('ends when the node does, and none begins any more', () => {
    const { follow, streams } = events();
    const reader = follow();
    streams.close();
    expect(reader.state).toBe('ended');
    expect(() => follow()).toThrow(expect.objectContaining({ code: 'GW_RATE' }));
  });
});
