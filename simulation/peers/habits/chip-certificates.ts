import { Bytes } from '../../../messages/index.ts';
import { chipTold } from '../strangers.ts';
import type { LaterHabit } from './later-habit.ts';

const OFTEN = 0.4;
const RARELY = 0.2;
const SOON_MS = 200;
const LATE_MS = 15_000;

/** Application cryptogram, then 9F27: what kind of one it is. */
const CRYPTOGRAM = '9f26080123456789abcdef';
const CERTIFICATE = Bytes.of(Buffer.from(`${CRYPTOGRAM}9f270140`, 'hex'));
const REFUSAL = Bytes.of(Buffer.from(`${CRYPTOGRAM}9f270100`, 'hex'));

/** A TC is evidence and moves nothing; an AAC of what stands is for people to look at, and moves nothing either. */
export const CHIP_CERTIFICATES = {
  name: 'chip-certificates',
  says: 'tells afterwards what the chip said of a payment (0320, DE55): that it took place (TC), or did not (AAC)',
  share: 0.15,
  plan(payment, { later }, random) {
    if (payment.side !== 'captured' || !random.chance(OFTEN)) return;
    const isRefusal = random.chance(RARELY);
    const said = isRefusal ? REFUSAL : CERTIFICATE;
    later('certificate of the chip', SOON_MS, LATE_MS, () => chipTold(payment, said, isRefusal));
  },
} as const satisfies LaterHabit;
