import { HsmError } from '../errors.ts';
import type { KeyBlockHeader, KeyBlockVersion, OptionalBlock } from '../keyblock/header.ts';
import { type ProtectionKey, unwrapKeyBlock, wrapKeyBlock } from '../keyblock/keyblock.ts';
import { kcvOf, randomValue } from '../keys/create.ts';
import { type SessionKey, secretOf } from '../keys/key.ts';
import { isRecord, KEY_STATES, type KeyState, withState } from '../keys/record.ts';
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
  const plan = planOf(request, request.usage, request.algorithm);
  const value = randomValue(context.scratch, plan.algorithm, request.length);
  return sealed(context, plan, value);
}

/** A key another party sent: its header says what it may be used for, and that is what it is used for. */
export function importKeyBlock(
  context: OperationContext,
  request: RequestOf<'importKeyBlock'>,
): { record: string; kcv: string; header: string } {
  const { scratch } = context;
  const protection = protectionKey(context.key(request.protection, 'K1'));
  // The forms of a record are made on the host for every token alike, so its block is opened there too.
  const { header, key } = scratch.onHost(() => unwrapKeyBlock(scratch, protection, request.block));
  checkMode(header);
  const plan = planOf(request, header.usage, header.algorithm);
  const made = sealed(context, plan, scratch.bytesOf(key));
  if (request.kcv !== '' && !made.kcv.startsWith(request.kcv.toUpperCase())) {
    throw new HsmError('HSM_KEY_BLOCK_INVALID', `KCV ${made.kcv}, but ${request.kcv} was told`);
  }
  return { ...made, header: JSON.stringify(header) };
}

/** A working key for another party, under a key both share. The record's usage goes into the header. */
export function exportKeyBlock(context: OperationContext, request: RequestOf<'exportKeyBlock'>): string {
  const { scratch } = context;
  const facts = context.workingKeys.facts(scratch, request.record);
  if (facts.state === 'destroyed') throw new HsmError('HSM_KEY_STATE', `${facts.id} is destroyed`);
  const { version } = request;
  if (version !== 'B' && version !== 'D') {
    throw new HsmError('HSM_REQUEST_INVALID', 'key blocks leave in versions B and D; A and C are only read');
  }
  const header: KeyBlockHeader = {
    version: version satisfies KeyBlockVersion,
    usage: facts.usage,
    algorithm: facts.algorithm,
    mode: request.mode,
    keyVersion: '00',
    exportability: request.exportability,
    optionalBlocks: optionalBlocks(request.optional),
  };
  checkMode(header);
  const protection = protectionKey(context.key(request.protection, 'K1'));
  const value = scratch.hostFrom(context.workingKeys.clearValue(scratch, request.record));
  return scratch.onHost(() => wrapKeyBlock(scratch, protection, header, value));
}

export function setKeyState(context: OperationContext, request: RequestOf<'setKeyState'>): string {
  const state = KEY_STATES.find((known) => known === request.state);
  if (state === undefined) throw new HsmError('HSM_REQUEST_INVALID', `state ${request.state}`);
  return context.workingKeys.reseal(context.scratch, request.record, (facts) =>
    withState(facts, state satisfies KeyState, request.notAfter),
  );
}

export function describeKey(context: OperationContext, record: string): string {
  return JSON.stringify(context.workingKeys.facts(context.scratch, record));
}

function sealed(
  context: OperationContext,
  plan: WorkingKeyPlan,
  value: Buffer,
): { record: string; kcv: string } {
  const record = context.workingKeys.seal(context.scratch, plan, value);
  return { record, kcv: context.workingKeys.facts(context.scratch, record).kcv };
}

type PlanFields = Pick<RequestOf<'generateKey'>, 'owner' | 'state' | 'notBefore' | 'notAfter' | 'useLimit'>;

function planOf(fields: PlanFields, usage: string, algorithm: string): WorkingKeyPlan {
  const { owner, state, notBefore, notAfter, useLimit } = fields;
  if (state !== 'pending' && state !== 'active') {
    throw new HsmError('HSM_REQUEST_INVALID', `state ${state} of a new key`);
  }
  if (!(notBefore < notAfter)) throw new HsmError('HSM_REQUEST_INVALID', 'a key that is never valid');
  return {
    usage: usageOf(usage),
    algorithm: algorithmOf(algorithm),
    owner,
    state,
    notBefore,
    notAfter,
    useLimit,
  };
}

/** A KEK by its older name protects key blocks here as well. */
function usageOf(usage: string): KeyUsage {
  const known = usage === 'K0' ? 'K1' : usage;
  if (!isKeyUsage(known) || known === 'KM' || known === 'HL') {
    throw new HsmError('HSM_KEY_USAGE', `usage ${usage}`);
  }
  return known;
}

function algorithmOf(algorithm: string): KeyAlgorithm {
  if (algorithm === 'A' || algorithm === 'T' || algorithm === 'H') return algorithm;
  throw new HsmError('HSM_KEY_USAGE', `algorithm ${algorithm}`);
}

/** Modes of use that fit a usage (X9.143, table of modes); `N` is for those that say nothing. */
const MODES: Readonly<Partial<Record<KeyUsage, string>>> = {
  P0: 'BDEN',
  M1: 'CGVN',
  M3: 'CGVN',
  M6: 'CGVN',
  M7: 'CGVN',
  B0: 'XN',
  C0: 'CGVN',
  V1: 'CGVN',
  V2: 'CGVN',
  E0: 'XN',
  E1: 'XN',
  E2: 'XN',
  D0: 'BDEN',
  K1: 'BDEXN',
};

function checkMode(header: KeyBlockHeader): void {
  const usage = usageOf(header.usage);
  if (!MODES[usage]?.includes(header.mode)) {
    throw new HsmError('HSM_KEY_USAGE', `mode ${header.mode} of a key of usage ${header.usage}`);
  }
}

function protectionKey(key: SessionKey): ProtectionKey {
  const protection: ProtectionKey = { key: secretOf(key) };
  if (key.subkey !== undefined) protection.subkey = Buffer.from(key.subkey, 'hex');
  if (key.handle('encryption')) {
    protection.variants = {
      encryption: secretOf(key, 'encryption'),
      authentication: secretOf(key, 'authentication'),
    };
  }
  return protection;
}

function optionalBlocks(text: string): OptionalBlock[] {
  if (text === '') return [];
  try {
    const blocks: unknown = JSON.parse(text);
    if (Array.isArray(blocks) && blocks.every(isOptionalBlock)) return blocks;
  } catch {
    // Told below, like any other shape.
  }
  throw new HsmError('HSM_REQUEST_INVALID', 'optional blocks');
}

function isOptionalBlock(block: unknown): block is OptionalBlock {
  const { id, data } = (block ?? {}) as Partial<OptionalBlock>;
  return typeof id === 'string' && typeof data === 'string';
}
