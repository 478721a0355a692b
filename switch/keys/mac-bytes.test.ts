import { describe, expect, it } from 'vitest';
import type { OpenRequest } from '../../hsm/index.ts';
import { createTestCore, inbound } from '../../test/support/core.ts';
import { proveSender } from '../admission/prove.ts';
import type { TerminalSettings } from '../config/settings.ts';
import { elementOfMac, sentOfMac } from './mac-bytes.ts';
import { TerminalKeys } from './terminal-keys.ts';

const MAC = Buffer.from('A1B2C3D4E5F60718', 'hex');
const SHORT = Buffer.from('A1B2C3D400000000', 'hex');

describe('what is verified of DE64', () => {
  it.each([
    ['all of it, where nothing is said', MAC, undefined, MAC],
    ['all of it, though it ends in zeros', SHORT, undefined, SHORT],
    ['all of it, where the record says eight', SHORT, 8, SHORT],
    ['the leftmost four, where the record says so', SHORT, 4, SHORT.subarray(0, 4)],
  ])('%s', (_, element, sent, expected) => {
    expect(sentOfMac(element, sent)).toEqual(expected);
  });

  it.each(['A1B2C3D4E5F60718', 'A1B2C3D400000001', 'A1B2C3D480000000'])(
    'nothing of %s where four bytes and zeros are agreed on',
    (element) => {
      expect(sentOfMac(Buffer.from(element, 'hex'), 4)).toBeUndefined();
    },
  );
});

describe('DE64 of an answer', () => {
  it.each([
    ['the MAC', MAC, undefined, MAC],
    ['four bytes and zeros', MAC, 4, SHORT],
    ['the leftmost eight of a longer MAC', Buffer.concat([MAC, MAC]), undefined, MAC],
  ])('is %s', (_, mac, sent, expected) => {
    expect(elementOfMac(mac, sent)).toEqual(expected);
  });
});

/** What the HSM is asked to verify of a message whose DE64 this is. */
async function verified(element: Buffer, record: Partial<TerminalSettings>) {
  const terminal = createTestCore().ports.directory.terminal('TERM0001');
  if (!terminal) throw new Error('the development settings have no terminal');
  const core = createTestCore({ terminals: [{ ...terminal, ...record }] });
  const asked: OpenRequest[] = [];
  const { openRequest } = core.ports.hsm;
  const hsm = {
    ...core.ports.hsm,
    openRequest: (request: OpenRequest) => {
      asked.push(request);
      return openRequest(request);
    },
  };
  const life = { overlapMs: 1_000, pendingMs: 1_000 };
  const terminalKeys = new TerminalKeys({ hsm, clock: core.clock, life });
  const received = { ...inbound(core), sealed: { covered: Buffer.from('covered'), mac: element } };
  const proven = await proveSender(received, { ...core.ports, hsm, terminalKeys }).catch(
    ({ code }: { code: string }) => code,
  );
  return { proven, mac: asked[0]?.seal?.mac };
}

describe('a terminal', () => {
  it('whose record says four is proven by four, and its keys say how its answer is sealed', async () => {
    const { proven, mac } = await verified(SHORT, { macBytes: 4 });
    expect(mac).toEqual(SHORT.subarray(0, 4));
    expect(proven).toMatchObject({ keys: { macKey: 'TAK/TERM0001', macBytes: 4 } });
  });

  it('whose record says four and that sends eight is refused, and the HSM is not asked', async () => {
    expect(await verified(MAC, { macBytes: 4 })).toEqual({ proven: 'SW_MAC_WRONG', mac: undefined });
  });

  it('whose record says nothing is asked for all eight', async () => {
    expect((await verified(SHORT, {})).mac).toEqual(SHORT);
  });
});
