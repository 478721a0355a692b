import { createCipheriv } from 'node:crypto';
import { developmentKey } from '../../hsm/index.ts';

/** The Visa PIN verification value, made without the HSM. */
export function visaPvv(card: string, keyIndex: string | number, pin: string): string {
  const parameter = Buffer.from(`${card.slice(-12, -1)}${keyIndex}${pin}`, 'hex');
  const cipher = createCipheriv('des-ede-ecb', developmentKey('PVK/VISA'), null).setAutoPadding(false);
  const digits = cipher.update(parameter).toString('hex');
  const letters = digits
    .replace(/[0-9]/g, '')
    .replace(/[a-f]/g, (letter) => String(Number.parseInt(letter, 16) - 10));
  return (digits.replace(/[a-f]/g, '') + letters).slice(0, 4);
}
