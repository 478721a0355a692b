import { HsmError } from '../errors.ts';
import type { OptionalBlock } from '../keyblock/header.ts';
import { cmacByEncryption } from '../mac/mac.ts';
import type { Scratch, Secret } from '../token/secrets.ts';
import type { KeyAlgorithm } from './usage.ts';

/**
 * The check value that a key block tells of its key (optional block KC): whoever sent it computed it from the key he
 * meant, so one that does not fit says that this is another key.
 *
 * Source: ANSI X9.143, optional block KC: two digits for the method (00 a block of zeroes encrypted, 01 CMAC), then the
 * leftmost digits of the result.
 */
const KEY_CHECK_VALUE = 'KC';
const BLOCK: Readonly<Record<'T' | 'A', number>> = { T: 8, A: 16 };

/** @throws HSM_KEY_BLOCK_INVALID where a value is told in a way we do not know, or is that of another key */
export function checkToldValue(
  scratch: Scratch,
  key: Secret,
  algorithm: KeyAlgorithm,
  optionalBlocks: readonly OptionalBlock[],
): void {
  const told = optionalBlocks.find(({ id }) => id === KEY_CHECK_VALUE)?.data;
  if (told === undefined) return;
  const [, method = '', digits = ''] = /^(0[01])([0-9A-F]{4,10})$/.exec(told) ?? [];
  if (method === '' || algorithm === 'H') {
    throw new HsmError('HSM_KEY_BLOCK_INVALID', `optional block ${KEY_CHECK_VALUE}: ${told}`);
  }

  const zeroes = Buffer.alloc(BLOCK[algorithm]);
  const block =
    method === '00'
      ? scratch.encrypt(key, algorithm, zeroes)
      : cmacByEncryption(scratch, key, algorithm, zeroes);
  const own = block.toString('hex').toUpperCase();
  if (!own.startsWith(digits)) {
    throw new HsmError(
      'HSM_KEY_BLOCK_INVALID',
      `optional block ${KEY_CHECK_VALUE} tells ${digits} of another key`,
    );
  }
}
