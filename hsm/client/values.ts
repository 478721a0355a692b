import type { Pan } from '../../messages/index.ts';

export function digitsOf(pan: Pan): Buffer {
  return Buffer.from(pan.reveal(), 'latin1');
}

/** Reply fields are views on what the socket read: a kept view would keep all of it. */
export function copied(view: Uint8Array): Buffer {
  return Buffer.from(view);
}
