import { describe, expect, it } from 'vitest';
import { type Hsm, HsmError } from '../../hsm/index.ts';
import { compile, iso87Ascii } from '../../messages/index.ts';
import { silentLog } from '../../runtime/index.ts';
import { createTestCore, inbound, purchaseMessage, type TestCore } from '../../test/support/core.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { DEFAULT_KEY_LIFE } from '../config/keys.ts';
import type { TerminalSettings } from '../config/settings.ts';
import { type Journal, JournalError } from '../journal/journal.ts';
import { TerminalKeys } from '../keys/terminal-keys.ts';
import type { Ports } from '../ports.ts';
import type { Sealed, TerminalMessage } from '../requests/terminal-message.ts';
import { LateReplies } from './late-replies.ts';
import { createService } from './serve.ts';

const codec = compile(iso87Ascii);

/** What the listener gets back for a message: the reply as its terminal reads it, or nothing. */
function ask(core: TestCore, message: TerminalMessage, ports: Ports = core.ports, cameBefore = false) {
  const { listener, ...request } = inbound(core, message);
  const service = createService(listener, codec, ports);
  return service.answer({ ...request, cameBefore }).then((packed) => packed && codec.parse(packed));
}

/** The same core, whose terminals seal with keys that they were given in service. */
function withDownloadedKeys(core: TestCore) {
  const sealedWith: string[] = [];
  const proven = { pinKey: 'TPK/DOWNLOADED', macKey: 'TAK/DOWNLOADED' };
  const atFirst = core.ports.terminalKeys;
  const terminalKeys = Object.assign(Object.create(atFirst), {
    prove: async (terminal: TerminalSettings, sealed: Sealed, work: object) => ({
      ...(await atFirst.prove(terminal, sealed, work)),
      keys: proven,
    }),
  });
  const generateMac = async (key: string) => {
    sealedWith.push(key);
    return Buffer.alloc(8);
  };
  return { sealedWith, ports: { ...core.ports, terminalKeys, hsm: { ...core.ports.hsm, generateMac } } };
}

describe('what a message was proven under', () => {
  it.each([
    ['an approval', {}, '00'],
    ['a refusal that comes after the proof', { mti: '0200', de4: '000000000000' }, '13'],
  ])('%s is sealed with', async (_, change, code) => {
    const core = createTestCore();
    const { ports, sealedWith } = withDownloadedKeys(core);
    const answered = ask(core, purchaseMessage(change), ports);
    await core.clock.advance(100);
    expect(await answered).toMatchObject({ de39: code });
    expect(sealedWith).toEqual(['TAK/DOWNLOADED']);
  });

  it('a refusal that needs no proof is proven for, and sealed with that', async () => {
    const core = createTestCore();
    const { ports, sealedWith } = withDownloadedKeys(core);
    expect(await ask(core, purchaseMessage({ de3: '990000' }), ports)).toMatchObject({ de39: '12' });
    expect(sealedWith).toEqual(['TAK/DOWNLOADED']);
  });
});

describe('a message whose MAC is wrong', () => {
  it.each(['0100', '0200', '0220', '0400', '0320', '0500'])('%s reaches nobody', async (mti) => {
    const core = createTestCore();
    core.hsm.mac = false;
    expect(await ask(core, purchaseMessage({ mti }))).toMatchObject({ de39: '63' });
    expect(core.journal.entries).toEqual([]);
    expect(core.sent).toEqual({ authorised: [], reversed: [], initiated: [] });
  });
});

it('a request that came before without the repeat digit is left unanswered where a first one hears 96', async () => {
  const core = createTestCore();
  const away = { ...core.ports.hsm, openRequest: () => Promise.reject(new HsmError('HSM_UNAVAILABLE')) };
  const terminalKeys = new TerminalKeys({ hsm: away, clock: core.clock, life: DEFAULT_KEY_LIFE });
  const ports = { ...core.ports, hsm: away, terminalKeys };
  expect(await ask(core, purchaseMessage(), ports)).toMatchObject({ de39: '96' });
  expect(await ask(core, purchaseMessage(), ports, true)).toBeUndefined();
});

/** The same core, whose journal takes `ms` for entries of one kind, or until their deadline. */
function withSlowJournal(core: TestCore, kind: string, ms: number): Ports {
  const { journal, clock } = core;
  const append: Journal['append'] = async (entry, deadline = Number.POSITIVE_INFINITY) => {
    if (entry.kind !== kind || core.ports.unsettled.size > 0) return journal.append(entry, deadline);
    const patience = deadline - clock.monotonic();
    await new Promise<void>((resolve) => clock.after(Math.min(ms, patience), resolve));
    if (ms > patience) throw new JournalError('SW_JOURNAL_UNAVAILABLE', 'no');
    return journal.append(entry);
  };
  const slow: Journal = {
    append,
    history: (transaction) => journal.history(transaction),
    transactionOf: (key) => journal.transactionOf(key),
    undecided: () => journal.undecided(),
  };
  return { ...core.ports, journal: slow };
}

/** The same core, whose HSM takes `ms` for a MAC. */
function withSlowHsm(core: TestCore, call: 'generateMac' | 'openRequest', ms: number): Ports {
  const { clock, ports } = core;
  const late = async <T>(result: Promise<T>): Promise<T> => {
    await new Promise<void>((resolve) => clock.after(ms, resolve));
    return result;
  };
  const generateMac: Hsm['generateMac'] = (...of) => late(ports.hsm.generateMac(...of));
  const openRequest: Hsm['openRequest'] = (...of) => late(ports.hsm.openRequest(...of));
  const hsm = { ...ports.hsm, ...(call === 'generateMac' ? { generateMac } : { openRequest }) };
  const terminalKeys = new TerminalKeys({ hsm, clock, life: DEFAULT_KEY_LIFE });
  return { ...ports, hsm, terminalKeys };
}

async function within(core: TestCore, ms: number, asked: ReturnType<typeof ask>) {
  await core.clock.advance(ms);
  return asked;
}

const decisions = (core: TestCore) => core.journal.entries.filter(({ kind }) => kind === 'decided');

describe('no reply leaves after its last moment', () => {
  it('an approval that cannot be durable by then is undone', async () => {
    const core = createTestCore();
    const ports = withSlowJournal(core, 'decided', 3_000);
    const reply = await within(core, 5_000, ask(core, purchaseMessage(), ports));
    expect(reply?.de39).not.toBe('00');
    expect(decisions(core)).toMatchObject([{ body: { approved: false } }]);
    expect(core.journal.followUps.map(({ task }) => task)).toEqual(['reverse-network', 'cancel-pop']);
    expect(core.ports.unsettled.size).toBe(0);
  });

  it('an increment that cannot be decided durably by then is not approved, and is closed later', async () => {
    const core = createTestCore();
    const hold = await within(core, 1_000, ask(core, purchaseMessage({ de25: '06' })));
    const { de37 = '', de38 = '' } = hold ?? {};
    const more = purchaseMessage({ de25: '06', de37, de38, de11: '000002', de7: '1123120100' });
    const ports = withSlowJournal(core, 'increment-decided', 3_000);
    expect((await within(core, 5_000, ask(core, more, ports)))?.de39).not.toBe('00');
    expect(core.journal.entries.at(-1)).toMatchObject({ kind: 'increment-intended' });
    expect(core.journal.followUps.at(-1)).toMatchObject({ task: 'close-increment' });
  });

  it('an approval that is durable in time is told', async () => {
    const core = createTestCore();
    const ports = withSlowJournal(core, 'decided', 1_800);
    expect(await within(core, 5_000, ask(core, purchaseMessage(), ports))).toMatchObject({ de39: '00' });
  });

  it.each([
    [1_870, '00'],
    [1_871, undefined],
  ])('an approval whose seal takes %i ms after the join at 30 ms: %s', async (ms, code) => {
    const core = createTestCore();
    const reply = await within(
      core,
      5_000,
      ask(core, purchaseMessage(), withSlowHsm(core, 'generateMac', ms)),
    );
    expect(reply?.de39).toBe(code);
    expect(core.ports.lateReplies.count).toBe(code ? 0 : 1);
    expect(decisions(core)).toMatchObject([{ body: { approved: true } }]);
  });

  it('what was kept back is told to the repeat, and the terminal is free to reverse it', async () => {
    const core = createTestCore();
    await within(core, 5_000, ask(core, purchaseMessage(), withSlowHsm(core, 'generateMac', 3_000)));
    const repeat = await within(core, 5_000, ask(core, purchaseMessage({ mti: '0101' })));
    expect(repeat).toMatchObject({ mti: '0110', de39: '00', de38: 'A1B2C3' });

    const de90 = { mti: '0100', stan: '000001', transmission: '1123120000', acquirer: '0', forwarder: '0' };
    const reversal = purchaseMessage({ mti: '0400', de11: '000002', de90 } as Partial<TerminalMessage>);
    expect(await within(core, 5_000, ask(core, reversal))).toMatchObject({ mti: '0410', de39: '00' });
    expect(core.journal.entries.at(-1)).toMatchObject({ kind: 'taken-back' });
  });

  it('a refusal that is late is silence too', async () => {
    const core = createTestCore();
    core.hsm.mac = false;
    const refused = ask(core, purchaseMessage(), withSlowHsm(core, 'openRequest', 2_001));
    expect(await within(core, 5_000, refused)).toBeUndefined();
    expect(core.ports.lateReplies.count).toBe(1);
  });

  it('a notice that is late is silence, and its repeat hears that it is done', async () => {
    const core = createTestCore();
    await within(core, 1_000, ask(core, purchaseMessage()));
    const reversal = (mti: string) => purchaseMessage({ mti, de11: '000001' });
    const first = ask(core, reversal('0400'), withSlowHsm(core, 'generateMac', 2_001));
    expect(await within(core, 5_000, first)).toBeUndefined();
    expect(await within(core, 1_000, ask(core, reversal('0401')))).toMatchObject({ mti: '0410', de39: '00' });
  });

  it('a reversal that waited until after its last moment is written down all the same', async () => {
    const core = createTestCore();
    await within(core, 1_000, ask(core, purchaseMessage()));
    const { listener, ...request } = inbound(core, purchaseMessage({ mti: '0400', de11: '000001' }));
    await core.clock.advance(2_500);
    const served = createService(listener, codec, core.ports).answer({ ...request, cameBefore: false });
    expect(await within(core, 1_000, served as Promise<undefined>)).toBeUndefined();
    expect(core.journal.entries.at(-1)).toMatchObject({ kind: 'taken-back' });
  });

  it('is logged once a second, with how many it stands for', async () => {
    const lines: object[] = [];
    const clock = new VirtualClock();
    const late = new LateReplies(clock, { ...silentLog, warn: (line: object) => void lines.push(line) });
    const core = createTestCore();
    const received = inbound(core);
    await clock.advance(1_901);
    for (let n = 0; n < 100; n += 1) expect(late.holds(received)).toBe(true);
    await clock.advance(1_000);
    late.holds(received);
    expect(late.count).toBe(101);
    expect(lines).toMatchObject([
      { event: 'serve.late', replies: 1, lateMs: 1 },
      { event: 'serve.late', replies: 100 },
    ]);
  });
});
