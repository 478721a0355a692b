import { PinBlock } from '../../messages/index.ts';
import { HsmError } from '../errors.ts';
import type { Outcome } from '../protocol/composite.ts';
import { NONE_FITTED, type ReplyOf, type RequestOf } from '../protocol/operations.ts';
import type { OpenedParts, OpenRequest, PaymentHsm, ProtectedPan } from './hsm.ts';
import type { Call } from './link.ts';
import { copied, digitsOf } from './values.ts';

const NO_BYTES = new Uint8Array(0);

/** The composite operation, between the shape its callers like and the one that travels. */
export function openRequest(call: Call): PaymentHsm['openRequest'] {
  return async (request) => {
    const { fitted, card, pin } = await call('openRequest', fieldsOf(request));
    if (request.seal && fitted === NONE_FITTED) return { mac: 'wrong' };
    if (request.seal && !request.seal.keys[fitted]) throw new HsmError('HSM_PROTOCOL', `key ${fitted} fits`);
    const parts: OpenedParts = {
      ...(card && { card: mapped(card, protectedPan) }),
      ...(pin && { pin: mapped(pin, ({ block }) => PinBlock.of(copied(block))) }),
    };
    return request.seal ? { mac: 'right', fitted, ...parts } : { mac: 'not-asked', ...parts };
  };
}

function fieldsOf({ seal, pan, protect = false, pin }: OpenRequest): RequestOf<'openRequest'> {
  return {
    seal: seal && {
      data: seal.data,
      mac: seal.mac,
      keys: seal.keys.map(({ macKey, pinKey }) => ({ mac: macKey, pin: pinKey })),
    },
    pan: pan ? digitsOf(pan) : NO_BYTES,
    protect,
    pin: pin && {
      key: pin.key ?? '',
      format: pin.format ?? 0,
      block: pin.block.reveal(),
      to: pin.to,
      toFormat: pin.toFormat ?? 0,
    },
  };
}

type Card = Extract<NonNullable<ReplyOf<'openRequest'>['card']>, { done: unknown }>['done'];

function protectedPan({ ciphertext, lookup }: Card): ProtectedPan {
  return { ciphertext: copied(ciphertext), lookup: copied(lookup) };
}

function mapped<T, U>(outcome: Outcome<T>, map: (done: T) => U): Outcome<U> {
  return 'done' in outcome ? { done: map(outcome.done) } : outcome;
}
