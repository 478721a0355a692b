import { HsmError } from '../errors.ts';
import { ALL_ALLOWED, type KeyAttributes } from '../keys/attributes.ts';
import { kcvOf, randomValue } from '../keys/create.ts';
import { secretOf } from '../keys/key.ts';
import { isRecord, KEY_STATES, type KeyState, withState } from '../keys/record.ts';
import { checkLeastStrength } from '../keys/strength.ts';
import { isKeyUsage, type KeyAlgorithm, type KeyUsage } from '../keys/usage.ts';
import type { WorkingKeyPlan } from '../keys/working-keys.ts';
import type { RequestOf } from '../protocol/operations.ts';
import type { OperationContext } from './context.ts';

/** Six hex digits. Of a sealed record as of a key on the token, whatever its state. */
export function keyCheckValue(context: OperationContext, reference: string): string {
  if (isRecord(reference)) return context.workingKeys.facts(context.scratch, reference).kcv;
  const key = context.tokenKeys.get(reference);
  return key.kcv ?? kcvOf(context.scratch, secretOf(key), key.algorithm);
}

export function generateKey(
  context: OperationContext,
  request: RequestOf<'generateKey'>,
): { record: string; kcv: string } {
  const plan = planOf(request, usageOf(request.usage), request.algorithm);
  const value = randomValue(context.scratch, plan.algorithm, request.length);
  return sealed(context, plan, value);
}

export function setKeyState(context: OperationContext, request: RequestOf<'setKeyState'>): string {
  const state = KEY_STATES.find((known) => known === request.state);
  if (state === undefined) throw new HsmError('HSM_REQUEST_INVALID', `state ${request.state}`);
  return context.workingKeys.reseal(context.scratch, request.record, (facts) => {
    context.note({ id: facts.id, kcv: facts.kcv, usage: facts.usage, state });
    return withState(facts, state satisfies KeyState, request.notAfter);
  });
}

export function describeKey(context: OperationContext, record: string): string {
  return JSON.stringify(context.workingKeys.facts(context.scratch, record));
}

/** A new record of a value that lies in the scratch. @throws HSM_KEY_WEAK */
export function sealed(
  context: OperationContext,
  plan: WorkingKeyPlan,
  value: Buffer,
): { record: string; kcv: string } {
  checkLeastStrength(context.leastStrength, { algorithm: plan.algorithm, length: value.length });
  const record = context.workingKeys.seal(context.scratch, plan, value);
  const { id, kcv, usage, owner } = context.workingKeys.facts(context.scratch, record);
  context.note({ id, kcv, usage, owner });
  return { record, kcv };
}

type PlanFields = Pick<RequestOf<'generateKey'>, 'owner' | 'state' | 'notBefore' | 'notAfter' | 'useLimit'>;

export function planOf(
  fields: PlanFields,
  usage: KeyUsage,
  algorithm: string,
  attributes: KeyAttributes = ALL_ALLOWED,
): WorkingKeyPlan {
  const { owner, state, notBefore, notAfter, useLimit } = fields;
  if (state !== 'pending' && state !== 'active') {
    throw new HsmError('HSM_REQUEST_INVALID', `state ${state} of a new key`);
  }
  if (!(notBefore < notAfter)) throw new HsmError('HSM_REQUEST_INVALID', 'a key that is never valid');
  return {
    usage,
    algorithm: algorithmOf(algorithm),
    owner,
    state,
    notBefore,
    notAfter,
    useLimit,
    attributes,
  };
}

/** Usages of the token's own keys, which no caller asks for. */
const OWN: ReadonlySet<KeyUsage> = new Set(['K0', 'KM', 'HL']);

/** @throws HSM_KEY_USAGE */
export function usageOf(usage: string): KeyUsage {
  if (!isKeyUsage(usage) || OWN.has(usage)) throw new HsmError('HSM_KEY_USAGE', `usage ${usage}`);
  return usage;
}

function algorithmOf(algorithm: string): KeyAlgorithm {
  if (algorithm === 'A' || algorithm === 'T' || algorithm === 'H') return algorithm;
  throw new HsmError('HSM_KEY_USAGE', `algorithm ${algorithm}`);
}
