import { developmentKey } from '../../hsm/index.ts';
import { Pan, PinBlock, type VisaHeader } from '../../messages/index.ts';
import type { Address } from '../../runtime/index.ts';
import { pinCipher } from '../crypto/pin-block.ts';
import { testAcquirer, testHost } from '../network/testing.ts';
import { type VisaMessage, visaHostDialect } from './dialect.ts';

export const { codec } = visaHostDialect;
const zonePinKey = developmentKey('ZPK/VISA');

export const header: VisaHeader = { destination: '000002', source: '000001', roundTrip: 7 };

/** A host of this test's own. */
export const started = () => testHost(visaHostDialect, 'ZPK/VISA');

export function linked(address: Address) {
  const acquirer = testAcquirer(visaHostDialect, address);
  const signOn = () =>
    acquirer.exchange({ header, mti: '0800', de7: '1123100000', de11: '000900', de70: '071' });
  return { ...acquirer, signOn };
}

export async function signedOn() {
  const visa = await started();
  const acquirer = linked(visa.address);
  await acquirer.signOn();
  return { ...visa, acquirer };
}

export function purchase(
  card = '4242424242424242',
  stan = '000001',
  extra: Partial<VisaMessage> = {},
): VisaMessage {
  return {
    header,
    mti: '0100',
    de2: Pan.of(card),
    de3: '000000',
    de4: '000000002500',
    de7: '1123100000',
    de11: stan,
    de18: '5999',
    de22: '0510',
    de25: '00',
    de32: '400001',
    de37: `632810${stan}`,
    de41: 'TERM0001',
    de42: 'MERCHANT0000001',
    de49: '978',
    de63: { sf1: '0002' },
    ...extra,
  };
}

export function reversalOf(original: VisaMessage, stan = '000500'): VisaMessage {
  const { mti, de11 = '', de7 = '', de60: _, ...rest } = original;
  const de90 = {
    mti,
    stan: de11,
    transmission: de7,
    acquirer: '00000400001',
    forwarder: '00000000000',
  };
  return { ...rest, mti: '0400', de7: '1123100005', de11: stan, de90 };
}

export const withPin = (pin: string, card = '4242424242424242', key = zonePinKey) => ({
  de52: PinBlock.of(pinCipher(key).encrypt(pin, card)),
  de53: '2001010100000000',
});

type Linked = Awaited<ReturnType<typeof signedOn>>;

/** Once what was sent has had its effect, an echo is the first thing answered. */
export async function answersNothing({ acquirer, control }: Linked): Promise<boolean> {
  await control.ledger();
  const echo = { header, mti: '0800', de7: '1123100000', de11: '000902', de70: '301' };
  return (await acquirer.exchange(echo)).mti === '0810';
}
