import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { numbersOf, SentBefore } from './sent-before.ts';

const SALE = {
  mti: '0200',
  de7: '1123120000',
  de11: '000001',
  de41: 'TERM0001',
  de42: 'SHOP',
  de12: '130000',
  de13: '1123',
};

describe('the same request again', () => {
  it('is known whatever its message type, its DE7 and its port are', () => {
    expect(numbersOf('1', { ...SALE, mti: '0201', de7: '1123120030' })).toBe(numbersOf('1', SALE));
  });

  it.each([{ de11: '000002' }, { de12: '130001' }, { de41: 'TERM0002' }, { de42: 'OTHER' }])(
    'is another with %j',
    (change) => expect(numbersOf('1', { ...SALE, ...change })).not.toBe(numbersOf('1', SALE)),
  );

  it('is known for a minute', async () => {
    const clock = new VirtualClock();
    const sentBefore = new SentBefore(clock);
    expect(sentBefore.came('a', 'terminal')).toBe(false);
    await clock.advance(59_999);
    expect(sentBefore.came('a', 'elsewhere')).toBe(true);
    await clock.advance(2);
    expect(sentBefore.came('a', 'terminal')).toBe(false);
  });

  it('is not forgotten for what a stranger sends, however much it is', () => {
    const sentBefore = new SentBefore(new VirtualClock());
    sentBefore.came('a', 'terminal');
    for (let i = 0; i < 300_000; i += 1) sentBefore.came(`stranger ${i}`, 'stranger');
    expect(sentBefore.came('a', 'terminal')).toBe(true);
    expect(sentBefore.came('stranger 0', 'stranger')).toBe(false);
  });

  it('nor for what a hundred strangers send', () => {
    const sentBefore = new SentBefore(new VirtualClock());
    sentBefore.came('a', 'terminal');
    for (let i = 0; i < 300_000; i += 1) sentBefore.came(`stranger ${i}`, `stranger ${i % 100}`);
    expect(sentBefore.came('a', 'terminal')).toBe(true);
  });
});

describe('the first of two', () => {
  it('may be refused, and is a first again then', () => {
    const sentBefore = new SentBefore(new VirtualClock());
    sentBefore.came('a', 'terminal');
    expect(sentBefore.refuseFirst('a')).toBe(true);
    expect(sentBefore.came('a', 'terminal')).toBe(false);
    expect(sentBefore.wasRefused('a')).toBe(false);
  });

  it('stays refused for some seconds: a line may yet bring a copy of it', async () => {
    const clock = new VirtualClock();
    const sentBefore = new SentBefore(clock);
    sentBefore.came('a', 'terminal');
    expect(sentBefore.wasRefused('a')).toBe(false);
    sentBefore.refuseFirst('a');
    await clock.advance(9_999);
    expect(sentBefore.wasRefused('a')).toBe(true);
    expect(sentBefore.refuseFirst('a')).toBe(true);
    await clock.advance(1);
    expect(sentBefore.wasRefused('a')).toBe(false);
    expect(sentBefore.came('a', 'terminal')).toBe(false);
  });

  it('may not be refused while a copy of it is at work, and may once that was left unanswered', () => {
    const sentBefore = new SentBefore(new VirtualClock());
    sentBefore.came('a', 'terminal');
    sentBefore.came('a', 'terminal');
    sentBefore.isCopy('a');
    expect(sentBefore.refuseFirst('a')).toBe(false);
    sentBefore.leftCopy('a');
    expect(sentBefore.refuseFirst('a')).toBe(false);
    sentBefore.leftCopy('a');
    expect(sentBefore.refuseFirst('a')).toBe(true);
  });
});
