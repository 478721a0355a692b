import { describe, expect, it } from 'vitest';
import { type Hsm, HsmError, type OpenRequest } from '../../hsm/index.ts';
import { Pan, PinBlock } from '../../messages/index.ts';
import { createTestCore, inbound, purchaseMessage, type TestCore } from '../../test/support/core.ts';
import { DEFAULT_KEY_LIFE } from '../config/keys.ts';
import { TerminalKeys } from '../keys/terminal-keys.ts';
import type { Ports } from '../ports.ts';
import { proveCard, provePayment, proveSender } from './prove.ts';

const PIN = PinBlock.of(Buffer.alloc(8, 1));

/** A core whose HSM notes what it is asked. */
function noting(core: TestCore = createTestCore()) {
  const asked: OpenRequest[] = [];
  const openRequest: Hsm['openRequest'] = (request) => {
    asked.push(request);
    return core.ports.hsm.openRequest(request);
  };
  const hsm: Hsm = { ...core.ports.hsm, openRequest };
  const terminalKeys = new TerminalKeys({ hsm, clock: core.clock, life: DEFAULT_KEY_LIFE });
  const ports: Ports = { ...core.ports, hsm, terminalKeys };
  return { core, asked, ports };
}

/** As an acquirer's line hands it over: without a MAC. */
function unsealed(core: TestCore) {
  const received = inbound(core);
  return { ...received, sealed: undefined, listener: { ...received.listener, mac: 'none' } as const };
}

describe('the HSM is asked once', () => {
  it('for MAC, card and PIN of a payment', async () => {
    const { core, asked, ports } = noting();
    const proven = await provePayment(inbound(core, purchaseMessage({ de52: PIN })), ports);
    expect(proven.pin).toEqual({ block: PinBlock.of(Buffer.alloc(8, 0x5a)) });
    expect(proven.keys).toEqual({ pinKey: 'TPK/TERM0001', macKey: 'TAK/TERM0001' });
    expect(asked).toMatchObject([
      {
        seal: { keys: [{ macKey: 'TAK/TERM0001', pinKey: 'TPK/TERM0001' }] },
        protect: true,
        pin: { block: PIN, to: 'ZPK/VISA' },
      },
    ]);
  });

  it('for a wrong MAC, and nobody hears of card or PIN', async () => {
    const { core, asked, ports } = noting();
    core.hsm.mac = false;
    for (const prove of [proveSender, proveCard, provePayment]) {
      await expect(prove(inbound(core, purchaseMessage({ de52: PIN })), ports)).rejects.toMatchObject({
        code: 'SW_MAC_WRONG',
      });
    }
    expect(asked).toHaveLength(3);
    expect(ports.knownCards.find(Pan.of('4242424242424242'))).toBeUndefined();
  });

  it('without the PIN for an advice, whose network leg is long over', async () => {
    const { core, asked, ports } = noting();
    expect(await proveCard(inbound(core, purchaseMessage({ de52: PIN })), ports)).not.toHaveProperty('pin');
    expect(asked[0]).not.toHaveProperty('pin');
  });
});

describe('a card seen before', () => {
  it('is not protected again, and its messages are verified all the same', async () => {
    const { core, asked, ports } = noting();
    const first = await provePayment(inbound(core), ports);
    const again = await provePayment(inbound(core), ports);
    expect(again.card).toEqual(first.card);
    expect(asked.map(({ protect }) => protect)).toEqual([true, false]);
    core.hsm.mac = false;
    await expect(provePayment(inbound(core), ports)).rejects.toMatchObject({ code: 'SW_MAC_WRONG' });
  });

  it('needs no HSM on a line whose messages have no MAC', async () => {
    const { core, asked, ports } = noting();
    const first = await provePayment(unsealed(core), ports);
    core.hsm.failure = new HsmError('HSM_UNAVAILABLE');
    expect((await provePayment(unsealed(core), ports)).card).toEqual(first.card);
    expect(asked).toHaveLength(1);
  });
});

it('a PIN that cannot be translated is told with the proven message, and refuses no proof', async () => {
  const { core, ports } = noting();
  for (const [failure, code] of [
    ['HSM_PIN_BLOCK_INVALID', 'SW_PIN_BLOCK'],
    ['HSM_KEY_STATE', 'SW_HSM'],
  ] as const) {
    core.hsm.pinFailure = new HsmError(failure);
    const { pin } = await provePayment(inbound(core, purchaseMessage({ de52: PIN })), ports);
    expect(pin).toMatchObject({ refusal: { code } });
  }
});
