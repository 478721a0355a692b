import { describe, expect, it } from 'vitest';
import { compile, iso87Ascii } from '../../messages/index.ts';
import { createTestCore, inbound, purchaseMessage, type TestCore } from '../../test/support/core.ts';
import type { TerminalSettings } from '../config/settings.ts';
import type { Ports } from '../ports.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { createService } from './serve.ts';

const codec = compile(iso87Ascii);

/** What the listener gets back for a message: the reply as its terminal reads it, or nothing. */
function ask(core: TestCore, message: TerminalMessage, ports: Ports = core.ports) {
  const { listener, ...request } = inbound(core, message);
  const service = createService(listener, codec, ports);
  return service.answer(request).then((packed) => packed && codec.parse(packed));
}

/** The same core, whose terminals seal with keys that they were given in service. */
function withDownloadedKeys(core: TestCore) {
  const sealedWith: string[] = [];
  const proven = { pinKey: 'TPK/DOWNLOADED', macKey: 'TAK/DOWNLOADED' };
  const atFirst = core.ports.terminalKeys;
  const terminalKeys = Object.assign(Object.create(atFirst), {
    prove: async () => proven,
    current: (terminal: TerminalSettings) => atFirst.current(terminal),
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
    ['a refusal that comes after the proof', { de4: '000000000000' }, '13'],
  ])('%s is sealed with', async (_, change, code) => {
    const core = createTestCore();
    const { ports, sealedWith } = withDownloadedKeys(core);
    const answered = ask(core, purchaseMessage(change), ports);
    await core.clock.advance(100);
    expect(await answered).toMatchObject({ de39: code });
    expect(sealedWith).toEqual(['TAK/DOWNLOADED']);
  });

  it('a refusal before the proof is sealed with what the terminal has now', async () => {
    const core = createTestCore();
    const { ports, sealedWith } = withDownloadedKeys(core);
    expect(await ask(core, purchaseMessage({ de3: '990000' }), ports)).toMatchObject({ de39: '12' });
    expect(sealedWith).toEqual(['TAK/TERM0001']);
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
