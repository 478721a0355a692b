/**
 * What the docs allow, deed by deed: what stands, what was said, how it was answered, and so what may stand then. No
 * state in the list means that no state explains the answer. Written from docs/messages-of-terminals.md, originals.md,
 * holds.md, networks.md and the tables of architecture.md, and from nothing else: the core is measured against it, so
 * it must not be a copy of it. Where the docs leave something open, both is allowed.
 */
import type { Deed } from './deed.ts';
import { downTo, type Family, givenBack, gone, type State, standing, sumOf, withState } from './state.ts';

type Rule = (state: State, deed: Deed, family: Family) => readonly State[];

const DONE = '00';
const IN_PART = '10';
const NOT_POSSIBLE = '12';
const TOO_MUCH = '13';
const NOT_FOUND = '25';
const WRONG_SEAL = '63';
const NO_REASON_TO_DECLINE = '85';
const NONE: readonly State[] = [];

const RULES: Readonly<Record<Deed['what'], Rule>> = {
  request,
  reversal: (state, deed, family) => orRemembered(reversal(state, deed, family), state, deed),
  'partial reversal': (state, deed, family) =>
    orRemembered(partialReversal(state, deed, family), state, deed),
  void: voided,
  'void reversal': voidReversal,
  completion,
  tip,
  batch,
};

/** What may stand after a deed: all that its answer leaves possible. */
export function after(family: Family, deed: Deed): Family[] {
  const state = family[deed.place];
  if (!state) return [];
  const states = deed.isForged ? forged(state, deed) : RULES[deed.what](state, deed, family);
  return states.map((each) => withState(family, deed.place, each));
}

/** A wrong seal: 63, and nothing else is looked at. */
function forged(state: State, { code }: Deed): readonly State[] {
  return code === WRONG_SEAL || code === undefined ? [state] : NONE;
}

function request(state: State, deed: Deed, family: Family): readonly State[] {
  const { payment, code, place } = deed;
  const { account } = payment;
  if (code === undefined) {
    const isPossible = state.life === 'unasked' && !payment.isBad && account !== undefined;
    const refused: State = { ...state, life: 'refused' };
    return isPossible ? [refused, standing(state, account, deed.minorUnits)] : [refused];
  }
  if (!isApproval(payment.kind, code)) {
    const mayBe = place === 0 || mayRefuseRefund(deed, family);
    return mayBe ? [{ ...state, life: 'refused' }] : NONE;
  }
  if (payment.isBad || state.life !== 'unasked') return NONE;
  if (code === IN_PART && !payment.takesPart) return NONE;
  if (account === undefined) return [{ ...state, life: 'stands' }];
  if (place > 0 && !mayRefund(deed, family)) return NONE;
  return [standing(state, account, deed.minorUnits)];
}

function isApproval(kind: string, code: string): boolean {
  return code === DONE || code === IN_PART || (kind === 'verification' && code === NO_REASON_TO_DECLINE);
}

/** No more than was captured, less what was given back before; of what is only held, nothing. */
function mayRefund({ minorUnits, payment: { pan } }: Deed, family: Family): boolean {
  const [original] = family;
  if (original?.life !== 'stands' || pan === '') return false;
  return minorUnits <= original.captured - givenBack(family);
}

/** 13 says that it is too much, 25 that there is no such sale; all else may be the issuer's word. */
function mayRefuseRefund({ code, minorUnits, clouded, isAmbiguous }: Deed, family: Family): boolean {
  const [original] = family;
  if (!original) return true;
  if (code === TOO_MUCH) return minorUnits > original.captured - givenBack(family) - clouded;
  if (code === NOT_FOUND) return original.life !== 'stands' || isAmbiguous;
  return true;
}

/** 00 as soon as it is durable; 12 where it was refunded. What is not known yet is remembered. */
function reversal(state: State, { place, code, clouded }: Deed, family: Family): readonly State[] {
  const given = place === 0 ? givenBack(family) : 0;
  if (code === NOT_POSSIBLE) return given + clouded > 0 ? [state] : NONE;
  const undone = state.life === 'unasked' ? { ...state, life: 'barred' as const } : gone(state);
  const isUntouched = state.life === 'refused' || state.life === 'barred';
  const done = isUntouched ? state : undone;
  if (code === undefined) return [state, done];
  return code === DONE && given === 0 ? [done] : NONE;
}

/** What names a repeat that was never heard is 00 and kept for people: nothing is taken back, refunded or not. */
function orRemembered(
  ends: readonly State[],
  state: State,
  { code, mayBeUnmatched }: Deed,
): readonly State[] {
  return code === DONE && mayBeUnmatched ? [...ends, state] : ends;
}

/** DE95: what is refunded stays, so the rest may go; less than that is 12. What stands already, or more, is 13. */
function partialReversal(state: State, deed: Deed, family: Family): readonly State[] {
  const { place, code, clouded, minorUnits } = deed;
  const given = place === 0 ? givenBack(family) : 0;
  if (code === NOT_POSSIBLE) return minorUnits < given + clouded ? [state] : NONE;
  const isLess = state.life !== 'stands' || minorUnits < sumOf(state);
  if (code === TOO_MUCH) return isLess ? NONE : [state];
  const done = state.life === 'stands' ? downTo(state, minorUnits) : lessAgain(state, minorUnits);
  if (code === undefined) return [state, done];
  return code === DONE && isLess && minorUnits >= given ? [done] : NONE;
}

/** Beside a void: where its reversal lets it stand again, the rest does. */
function lessAgain(state: State, minorUnits: number): State {
  if (!state.before) return state;
  const { held, captured, refunded } = downTo({ ...state, ...state.before }, minorUnits);
  return { ...state, before: { held, captured, refunded } };
}

/** 12: nothing to take back, refunded, or settled; 25: several are meant. What is only held is never settled. */
function voided(state: State, deed: Deed, family: Family): readonly State[] {
  const { place, code, clouded, isAmbiguous } = deed;
  const given = place === 0 ? givenBack(family) : 0;
  const isFree =
    state.life === 'stands' && sumOf(state) > 0 && !state.isSettled && state.barredVoid !== deed.index;
  const { held, captured, refunded } = state;
  const done: State = { ...gone(state), before: { held, captured, refunded } };
  const isRefused = !isFree || given + clouded > 0;
  switch (code) {
    case undefined:
      return isFree && given === 0 ? [done, state] : [state];
    case DONE:
      return isFree && given === 0 ? [done] : NONE;
    case NOT_POSSIBLE:
      return isRefused ? [state] : NONE;
    case NOT_FOUND:
      return isAmbiguous || state.life !== 'stands' ? [state] : NONE;
    default:
      return NONE;
  }
}

/** 00 before the void, or before the network was told of it: the sale stands. 12 after that; of a refund always. */
function voidReversal(state: State, deed: Deed): readonly State[] {
  const { code, payment, voidCode } = deed;
  const isRefund = payment.account === 'refunded';
  const barred: State = { ...state, ...(deed.undoes !== undefined && { barredVoid: deed.undoes }) };
  const { before, ...rest } = state;
  const again: State = { ...rest, ...before, life: 'stands' };
  const wasRefused = voidCode !== undefined && voidCode !== DONE;
  switch (code) {
    case undefined:
      return before && !isRefund ? [state, again] : [state, barred];
    case DONE:
      // The void that was refused is not known: what another void took back is left to people.
      if (before && wasRefused) return [state, again];
      if (before) return isRefund ? NONE : [again];
      return [barred];
    case NOT_POSSIBLE:
      return before || wasRefused || state.life !== 'stands' || isRefund ? [state] : NONE;
    default:
      return NONE;
  }
}

/** At most what is held, and once. The rest is given back. */
function completion(state: State, { code, minorUnits, isAmbiguous }: Deed): readonly State[] {
  const isOpen = state.life === 'stands' && state.held > 0 && !state.isCompleted;
  const done: State = { ...state, held: 0, captured: minorUnits, isCompleted: true };
  const mayBe = isOpen && minorUnits <= state.held;
  switch (code) {
    case undefined:
      return mayBe ? [state, done] : [state];
    case DONE:
      return mayBe ? [done] : NONE;
    case NOT_POSSIBLE:
      return isOpen ? NONE : [state];
    case TOO_MUCH:
      return mayBe ? NONE : [state];
    case NOT_FOUND:
      return state.life === 'stands' && !isAmbiguous ? NONE : [state];
    default:
      return NONE;
  }
}

/** The sale has another amount: not once it is settled or over. How much more it may be depends on the scheme. */
function tip(state: State, { code, minorUnits }: Deed): readonly State[] {
  const isOpen = state.life === 'stands' && state.captured > 0 && !state.isSettled;
  const done: State = { ...state, captured: minorUnits };
  if (code === undefined) return isOpen ? [state, done] : [state];
  if (code === DONE) return isOpen ? [done] : NONE;
  return [state];
}

/** Everything that stands at that moment is in it. */
function batch(state: State): readonly State[] {
  const isIn = state.life === 'stands' && state.captured + state.refunded > 0;
  return [isIn ? { ...state, isSettled: true } : state];
}
