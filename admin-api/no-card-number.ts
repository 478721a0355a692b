import { Pan } from '../messages/index.ts';
import { AdminError } from './errors.ts';

/** As people write them: 13 to 19 digits, in groups or not. A retrieval reference has twelve. */
const WRITTEN = /(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])/g;

/**
 * What operators write is logged and kept in the journal for years, where no card number may stand: it is refused, and
 * whoever wrote it says which payment he means by its reference.
 * @throws {AdminError} ADM_REQUEST_INVALID
 */
export function refuseCardNumbers(words: Readonly<Record<'by' | 'why', string>>): void {
  for (const [field, text] of Object.entries(words)) {
    if (typeof text === 'string' && hasCardNumber(text)) {
      const expected = 'words without a card number: name the payment by its reference';
      throw new AdminError('ADM_REQUEST_INVALID', { field, expected });
    }
  }
}

function hasCardNumber(text: string): boolean {
  return [...text.matchAll(WRITTEN)].some(([written]) => passesLuhn(written.replaceAll(/[ -]/g, '')));
}

function passesLuhn(digits: string): boolean {
  try {
    Pan.of(digits, { luhn: true });
    return true;
  } catch {
    return false;
  }
}
