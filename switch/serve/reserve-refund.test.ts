import { describe, expect, it } from 'vitest';
import { Pan } from '../../messages/index.ts';
import { createTestCore, inbound, purchaseMessage, served, type TestCore } from '../../test/support/core.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { advise } from './advise.ts';
import { authorise } from './authorise.ts';

const RRN = '632812000001';
let stan = 100;

const refund = (minorUnits: number, overrides: Partial<TerminalMessage> = {}): TerminalMessage => {
  stan += 1;
  const de4 = String(minorUnits).padStart(12, '0');
  return purchaseMessage({
    de3: '200000',
    de4,
    de37: RRN,
    de11: String(stan).padStart(6, '0'),
    ...overrides,
  });
};

async function code(core: TestCore, message: TerminalMessage): Promise<string | undefined> {
  const ended = served(authorise, inbound(core, message), core.ports).catch((error) => ({
    code: error.responseCode,
  }));
  await core.clock.advance(10_000);
  return (await ended)?.code;
}

async function paid(): Promise<TestCore> {
  const core = createTestCore();
  expect(await code(core, purchaseMessage({ de37: RRN }))).toBe('00');
  return core;
}

describe('a refund of a purchase', () => {
  it('gives back in parts up to what was paid, and no more', async () => {
    const core = await paid();
    expect(await code(core, refund(1_000))).toBe('00');
    expect(await code(core, refund(1_500))).toBe('00');
    expect(await code(core, refund(1))).toBe('13');
    expect(core.sent.authorised.map(({ kind }) => kind)).toEqual(['purchase', 'refund', 'refund']);
  });

  it('that the network declines leaves its amount to be refunded', async () => {
    const core = await paid();
    core.network.outcome = { status: 'refused', code: '05' };
    expect(await code(core, refund(2_500))).toBe('05');
    core.network.outcome = { status: 'approved', code: '00' };
    expect(await code(core, refund(2_500))).toBe('00');
  });

  it('repeated is answered the same and takes its amount once', async () => {
    const core = await paid();
    const message = refund(2_000);
    expect(await code(core, message)).toBe('00');
    expect(await code(core, { ...message, mti: '0101' })).toBe('00');
    expect(await code(core, refund(500))).toBe('00');
  });

  it('two at once cannot both take the last of it', async () => {
    const core = await paid();
    core.network.afterMs = 200;
    const both = [refund(2_000), refund(2_000)].map((message) => code(core, message));
    expect((await Promise.all(both)).sort()).toEqual(['00', '13']);
  });

  it.each([
    ['an unknown purchase', { de37: '632812999999' }, '25'],
    ['another card', { de2: Pan.of('4111111111111111') }, '30'],
    ['a purchase with another approval code', { de38: 'Z9Z9Z9' }, '25'],
    ['another currency', { de49: '840' }, '13'],
  ])('to %s is refused', async (_, change, expected) => {
    const core = await paid();
    expect(await code(core, refund(1_000, change))).toBe(expected);
    expect(core.sent.authorised).toHaveLength(1);
  });

  it('of what is only held is refused; once it is captured it is refunded up to that', async () => {
    const core = createTestCore();
    const held = purchaseMessage({ de25: '06', de37: RRN });
    expect(await code(core, held)).toBe('00');
    expect(await code(core, refund(1_000))).toBe('12');
    const completion = { ...held, mti: '0220', de4: '000000002000', de11: '000099' };
    await served(advise, inbound(core, completion), core.ports);
    expect(await code(core, refund(2_001))).toBe('13');
    expect(await code(core, refund(2_000))).toBe('00');
  });

  it('without a reference is left to the network', async () => {
    const core = await paid();
    const { de37: _, ...bare } = refund(9_900);
    expect(await code(core, bare)).toBe('00');
  });
});
