import { HsmError } from '../errors.ts';
import type { Outcome } from '../protocol/composite.ts';
import { NONE_FITTED, type ReplyOf, type RequestOf } from '../protocol/operations.ts';
import { isUnsupported, TokenError } from '../token/pkcs11.ts';
import type { OperationContext } from './context.ts';
import { isMacUnder } from './mac.ts';
import { protectPan } from './pan.ts';
import { PIN_COMES_UNDER, PIN_GOES_UNDER, pinSideOf, translateGuarded } from './pin.ts';

/**
 * All that a payment asks before it is let in, in one request: its MAC is verified, its PAN protected, its PIN block
 * translated. Where a MAC is to be verified and is wrong, nothing else is done: nobody learns by a message of another
 * whether a PIN block is well formed. The parts have an outcome each; a token that fails fails the whole, so that it
 * is opened anew and the request repeated.
 * Keys that derive (DUKPT) are not taken: their counters are claimed by the operations of their own.
 */
export function openRequest(context: OpenContext, request: RequestOf<'openRequest'>): ReplyOf<'openRequest'> {
  const { seal, pan, protect, pin } = request;
  const fitted = seal ? fittingKey(context, seal) : NONE_FITTED;
  if (seal && fitted === NONE_FITTED) return { fitted, card: undefined, pin: undefined };

  const pinKey = pin?.key || (seal?.keys[fitted]?.pin ?? '');
  return {
    fitted,
    card: protect ? outcomeOf(() => protectPan(context, pan)) : undefined,
    pin: pin && outcomeOf(() => ({ block: translate(context, { ...pin, key: pinKey }, pan) })),
  };
}

/** What this operation needs of a request's context: the self-test gives it keys of its own. */
export type OpenContext = Pick<OperationContext, 'scratch' | 'key' | 'pinGuard' | 'peer' | 'cardMark'>;

type Parts = RequestOf<'openRequest'>;
type Seal = NonNullable<Parts['seal']>;
type PinPart = NonNullable<Parts['pin']>;

/** The first key the MAC is right under. One whose time is over verifies nothing, and hinders no other. */
function fittingKey(context: OpenContext, { data, mac, keys }: Seal): number {
  const index = keys.findIndex((candidate) => {
    try {
      return isMacUnder(context, candidate.mac, data, mac);
    } catch (error) {
      if (error instanceof HsmError && error.code === 'HSM_KEY_STATE') return false;
      throw error;
    }
  });
  return index === -1 ? NONE_FITTED : index;
}

function translate(context: OpenContext, pin: PinPart, pan: Uint8Array): Buffer {
  const from = pinSideOf(context.key(pin.key, 'decrypt', ...PIN_COMES_UNDER), pin.format);
  const to = pinSideOf(context.key(pin.to, 'encrypt', ...PIN_GOES_UNDER), pin.toFormat);
  return translateGuarded(context, from, to, { pan, block: pin.block });
}

function outcomeOf<T>(work: () => T): Outcome<T> {
  try {
    return { done: work() };
  } catch (error) {
    if (error instanceof HsmError && !(error.cause instanceof TokenError)) return { refused: error };
    if (!isUnsupported(error)) throw error;
    return { refused: new HsmError('HSM_UNSUPPORTED', (error as TokenError).message, { cause: error }) };
  }
}
