import { describe, expect, it } from 'vitest';
import { Bytes, compile, IsoError, iso87Ascii } from '../../messages/index.ts';
import { originalElements } from '../../test/money/core-cases.ts';
import { createTestCore, inbound, purchaseMessage, type TestCore } from '../../test/support/core.ts';
import { developmentSettings } from '../config/development.ts';
import type { ListenerSettings, TerminalSettings } from '../config/settings.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { createService } from './serve.ts';

const codec = compile(iso87Ascii);
const DAY_MS = 86_400_000;
const UNTIL_ANSWERED_MS = 5_000;

interface Asked {
  readonly line?: Partial<ListenerSettings>;
  readonly isSealed?: boolean;
}

/** What a terminal reads, and how often the HSM was asked to open and to seal. */
async function heard(core: TestCore, message: TerminalMessage, { line = {}, isSealed = true }: Asked = {}) {
  const asked = { opened: 0, sealed: 0 };
  const { hsm } = core.ports;
  const counting = Object.assign(Object.create(hsm), {
    generateMac: (...of: Parameters<typeof hsm.generateMac>) => {
      asked.sealed += 1;
      return hsm.generateMac(...of);
    },
  });
  const { terminalKeys } = core.ports;
  const proving = Object.assign(Object.create(terminalKeys), {
    prove: (...of: Parameters<typeof terminalKeys.prove>) => {
      asked.opened += 1;
      return terminalKeys.prove(...of);
    },
  });
  const ports = { ...core.ports, hsm: counting, terminalKeys: proving };
  const { listener, sealed, receivedAt } = inbound(core, message);
  const service = createService({ ...listener, ...line }, codec, ports);
  const answer = service.answer({
    message,
    receivedAt,
    sealed: isSealed ? sealed : undefined,
    cameBefore: false,
  });
  await core.clock.advance(UNTIL_ANSWERED_MS);
  const packed = await answer;
  return { reply: packed && codec.parse(packed), ...asked };
}

describe('a refusal', () => {
  it.each([
    ['of a message that no verb serves', { mti: '0600' }, '12'],
    ['of a message without a STAN', { de11: undefined }, '30'],
    ['of a message without a card', { de2: undefined }, '30'],
    ['of a currency that is none', { de49: '000' }, '30'],
  ])('%s is sealed where the MAC is right, and bare where it is wrong or absent', async (_, change, code) => {
    const right = await heard(createTestCore(), purchaseMessage(change));
    expect(right).toMatchObject({ reply: { de39: code, de64: expect.any(Bytes) }, sealed: 1 });

    const tampered = createTestCore();
    tampered.hsm.mac = false;
    const wrong = await heard(tampered, purchaseMessage(change));
    expect(wrong.sealed).toBe(0);
    expect(wrong.reply).not.toHaveProperty('de64');

    const bare = await heard(createTestCore(), purchaseMessage(change), { isSealed: false });
    expect(bare).toMatchObject({
      opened: 0,
      sealed: 0,
      reply: { mti: expect.stringMatching(/^0[26]10|0110$/) },
    });
  });

  it('of garbled bytes is sealed only where their MAC is right', async () => {
    const core = createTestCore();
    const { listener, sealed } = inbound(core);
    const service = createService(listener, codec, core.ports);
    const partial = purchaseMessage();
    const garbled = new IsoError('ISO_CONTENT', { path: 'DE4', expected: 'digits', found: 'other', partial });
    expect(codec.parse((await service.answerGarbled(garbled)) as Buffer)).not.toHaveProperty('de64');
    expect(codec.parse((await service.answerGarbled(garbled, { sealed })) as Buffer)).toHaveProperty('de64');
    core.hsm.mac = false;
    expect(codec.parse((await service.answerGarbled(garbled, { sealed })) as Buffer)).not.toHaveProperty(
      'de64',
    );
  });

  it.each([
    ['unsealed', { mti: '0110', de39: '63' }],
    ['notice', { mti: '0820', de39: '63', de11: '000001' }],
    ['silence', undefined],
  ] as const)('of an unproven message leaves as the listener says: %s', async (whenUnproven, expected) => {
    const { reply } = await heard(createTestCore(), purchaseMessage(), {
      line: { whenUnproven },
      isSealed: false,
    });
    if (expected) expect(reply).toMatchObject(expected);
    else expect(reply).toBeUndefined();
  });
});

describe('network management', () => {
  const echo = { mti: '0800', de7: '1123120000', de11: '000009', de41: 'TERM0001', de70: '301' };

  it('without a MAC costs the HSM nothing', async () => {
    const { reply, opened, sealed } = await heard(createTestCore(), echo, { isSealed: false });
    expect({ code: reply?.de39, opened, sealed }).toEqual({ code: '00', opened: 0, sealed: 0 });
  });

  it('with a right MAC is answered with one, with a wrong MAC refused without', async () => {
    expect((await heard(createTestCore(), echo)).reply).toMatchObject({
      de39: '00',
      de128: expect.any(Bytes),
    });
    const tampered = createTestCore();
    tampered.hsm.mac = false;
    const wrong = await heard(tampered, echo);
    expect(wrong).toMatchObject({ reply: { de39: '63' }, sealed: 0 });
  });
});

describe('freshness', () => {
  const HOUR: Partial<ListenerSettings> = { freshnessMs: 3_600_000 };
  const reversal = purchaseMessage({ mti: '0400', de11: '000002', de90: originalElements('0100') });

  async function later(days: number) {
    const core = createTestCore();
    await core.clock.advance(days * DAY_MS);
    return core;
  }

  it('refuses a purchase of another hour where the listener says so, and is wide where it says nothing', async () => {
    expect((await heard(await later(1), purchaseMessage(), { line: HOUR })).reply?.de39).toBe('12');
    expect((await heard(await later(1), purchaseMessage())).reply?.de39).toBe('00');
    expect((await heard(await later(170), purchaseMessage())).reply?.de39).toBe('00');
    const quarter = { line: { freshnessMs: 90 * DAY_MS } };
    expect((await heard(await later(89), purchaseMessage(), quarter)).reply?.de39).toBe('00');
    expect((await heard(await later(120), purchaseMessage(), quarter)).reply?.de39).toBe('12');
    expect((await heard(await later(360), purchaseMessage(), quarter)).reply?.de39).toBe('00');
  });

  it('answers the late repeat of what is known as ever', async () => {
    const core = createTestCore();
    const first = await heard(core, purchaseMessage(), { line: HOUR });
    await core.clock.advance(DAY_MS);
    const again = await heard(core, purchaseMessage({ mti: '0101' }), { line: HOUR });
    expect(again.reply).toMatchObject({ mti: '0110', de39: '00', de38: first.reply?.de38 });
  });

  it('binds no reversal, advice or upload, and no terminal whose clock is local', async () => {
    const core = createTestCore();
    await heard(core, purchaseMessage());
    await core.clock.advance(30 * DAY_MS);
    expect((await heard(core, reversal, { line: HOUR })).reply?.de39).toBe('00');
    const advice = purchaseMessage({ mti: '0220', de11: '000007' });
    expect((await heard(core, advice, { line: HOUR })).reply?.de39).toBe('00');

    const { terminals } = developmentSettings({
      databaseUrl: '',
      hsmSocketPath: '',
      visa: { host: '', port: 0 },
      popUrl: '',
    });
    const local = terminals.map((each): TerminalSettings => ({ ...each, clock: 'local' }));
    const late = createTestCore({ terminals: local });
    await late.clock.advance(30 * DAY_MS);
    expect((await heard(late, purchaseMessage(), { line: HOUR })).reply?.de39).toBe('00');
  });

  it('takes a DE7 of zeros for none', async () => {
    const { reply } = await heard(await later(1), purchaseMessage({ de7: '0000000000' }), { line: HOUR });
    expect(reply?.de39).toBe('00');
  });
});
