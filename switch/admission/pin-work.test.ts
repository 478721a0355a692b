import { describe, expect, it } from 'vitest';
import { HsmError, type HsmErrorCode, type OpenRequest } from '../../hsm/index.ts';
import { PinBlock } from '../../messages/index.ts';
import { createTestCore, inbound, purchaseMessage } from '../../test/support/core.ts';
import { DEFAULT_KEY_LIFE } from '../config/keys.ts';
import type { TerminalSettings } from '../config/settings.ts';
import { TerminalKeys } from '../keys/terminal-keys.ts';
import type { Ports } from '../ports.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { provePayment } from './prove.ts';

const SHORT = PinBlock.of(Buffer.alloc(8, 1));
const LONG = PinBlock.of(Buffer.alloc(16, 2));
const TRANSLATED = PinBlock.of(Buffer.alloc(8, 3));
const KSN = 'FFFF9876543210E00001';

type Translation = Parameters<Ports['hsm']['translatePinBlock']>[0];

/** What the HSM is asked of a message of a terminal with this record, and what comes of it. */
async function proven(
  record: Partial<TerminalSettings>,
  change: Partial<TerminalMessage>,
  refusal?: HsmErrorCode,
) {
  const terminal = createTestCore().ports.directory.terminal('TERM0001');
  if (!terminal) throw new Error('the development settings have no terminal');
  const core = createTestCore({ terminals: [{ ...terminal, ...record }] });
  const opened: OpenRequest[] = [];
  const translated: Translation[] = [];
  const hsm: Ports['hsm'] = {
    ...core.ports.hsm,
    openRequest: (request) => {
      opened.push(request);
      return core.ports.hsm.openRequest(request);
    },
    translatePinBlock: async (request) => {
      translated.push(request);
      if (refusal) throw new HsmError(refusal);
      return TRANSLATED;
    },
  };
  const terminalKeys = new TerminalKeys({ hsm, clock: core.clock, life: DEFAULT_KEY_LIFE });
  const received = inbound(core, purchaseMessage(change));
  const { pin } = await provePayment(received, { ...core.ports, hsm, terminalKeys });
  const code = 'refusal' in pin ? pin.refusal.code : undefined;
  return { opened: opened.map((request) => request.pin), translated, code, pin };
}

describe('a terminal with a PIN key of its own', () => {
  it('has a block of format 0 translated in the trip of its MAC', async () => {
    const { opened, translated } = await proven({}, { de52: SHORT });
    expect(opened).toEqual([{ block: SHORT, to: 'ZPK/VISA' }]);
    expect(translated).toEqual([]);
  });

  it('has one of format 4 translated so, where its record says so', async () => {
    const { opened, code } = await proven({ pinFormat: 4 }, { de52: LONG });
    expect(opened).toEqual([{ block: LONG, to: 'ZPK/VISA', format: 4 }]);
    expect(code).toBeUndefined();
  });

  it.each([
    ['sixteen bytes of format 0', {}, LONG],
    ['eight bytes of format 4', { pinFormat: 4 }, SHORT],
  ] as const)('has nothing done with %s', async (_, record, de52) => {
    const { opened, code } = await proven(record, { de52 });
    expect({ opened, code }).toEqual({ opened: [undefined], code: 'SW_FORMAT' });
  });
});

describe('a terminal that derives its keys', () => {
  const DUKPT: Partial<TerminalSettings> = { dukpt: { baseKey: 'BDK/TDES', serialNumber: 'de62' } };

  it('has its block translated once its MAC is right, and its counter spent on this request', async () => {
    const { opened, translated, pin } = await proven(DUKPT, { de52: SHORT, de62: KSN });
    expect(opened).toEqual([undefined]);
    expect(translated).toMatchObject([
      { from: { key: 'BDK/TDES', ksn: Buffer.from(KSN, 'hex'), format: 0, block: SHORT }, to: 'ZPK/VISA' },
    ]);
    expect(pin).toEqual({ block: TRANSLATED });
  });

  it('has it spent on the same request when it repeats, and on another with another STAN', async () => {
    const spentOn = async (change: Partial<TerminalMessage>) => {
      const { translated } = await proven(DUKPT, { de52: SHORT, de62: KSN, ...change });
      return translated[0]?.from.transaction;
    };
    const first = await spentOn({});
    expect(await spentOn({ mti: '0101' })).toBe(first);
    expect(await spentOn({ de11: '000002' })).not.toBe(first);
  });

  it('has format 4 translated, where its record says so', async () => {
    const aes = { ...DUKPT, pinFormat: 4 as const };
    const { translated } = await proven(aes, { de52: LONG, de62: '123456789012345600000001' });
    expect(translated).toMatchObject([{ from: { format: 4 } }]);
  });

  it.each([
    ['no serial number', undefined],
    ['half of one', 'FFFF987654'],
    ['letters', 'the serial number is'],
  ])('is refused for %s, and no counter is spent', async (_, de62) => {
    const { translated, code } = await proven(DUKPT, { de52: SHORT, ...(de62 && { de62 }) });
    expect({ translated, code }).toEqual({ translated: [], code: 'SW_SERIAL_NUMBER' });
  });

  it.each<[HsmErrorCode, string]>([
    ['HSM_KSN_REPLAYED', 'SW_SERIAL_NUMBER'],
    ['HSM_REQUEST_INVALID', 'SW_SERIAL_NUMBER'],
    ['HSM_PIN_BLOCK_INVALID', 'SW_PIN_BLOCK'],
    ['HSM_UNAVAILABLE', 'SW_HSM'],
  ])('is refused where the HSM says %s: %s', async (said, expected) => {
    const { code } = await proven(DUKPT, { de52: SHORT, de62: KSN }, said);
    expect(code).toBe(expected);
  });

  it('that sends no PIN needs no serial number', async () => {
    const { translated, pin } = await proven(DUKPT, {});
    expect({ translated, pin }).toEqual({ translated: [], pin: { block: undefined } });
  });
});
