import { HsmError } from '../errors.ts';
import type { KeyBlockHeader, KeyBlockVersion, OptionalBlock } from '../keyblock/header.ts';
import { type ProtectionKey, unwrapKeyBlock, wrapKeyBlock } from '../keyblock/keyblock.ts';
import { ALL_ALLOWED, attributesOf, attributesToLeaveWith } from '../keys/attributes.ts';
import { checkToldValue } from '../keys/check-value.ts';
import { checkBlock } from '../keys/create.ts';
import { type SessionKey, secretOf } from '../keys/key.ts';
import { isRecord } from '../keys/record.ts';
import { checkStrength } from '../keys/strength.ts';
import { type KeyUsage, usageOutside } from '../keys/usage.ts';
import { translatePinBlock } from '../pin/translate.ts';
import type { RequestOf } from '../protocol/operations.ts';
import type { Secret } from '../token/secrets.ts';
import type { OperationContext } from './context.ts';
import { planOf, sealed, usageOf } from './keys.ts';
import { pinSideOf } from './pin.ts';

/** Of a KCV that comes beside a key block, at least. */
const TOLD_DIGITS = 6;

/**
 * Keys that come and go in key blocks. What the header says is kept in the key's record and binds it from then on
 * (keys/attributes.ts); a key leaves only as it may, and only under one that is as strong (keys/strength.ts).
 *
 * Keys leave under a key of the token alone, which custodians put there. One that came in a key block opens other
 * blocks, and protects none: whoever knows one protection key could else bring another of his own, and have every key
 * leave under it.
 */
export function importKeyBlock(
  context: OperationContext,
  request: RequestOf<'importKeyBlock'>,
): { record: string; kcv: string; header: string } {
  const { scratch } = context;
  const protection = protectionKey(context.key(request.protection, 'decrypt', 'K1'));
  checkVersion(context, request.block[0] ?? '');
  // The forms of a record are made on the host for every token alike, so its block is opened there too.
  const { header, key } = scratch.onHost(() => unwrapKeyBlock(scratch, protection, request.block));
  const usage = usageThatComes(header.usage);
  context.note({ under: request.protection, usage, owner: request.owner });
  context.authorise('import', { under: request.protection, usage });
  const plan = planOf(request, usage, header.algorithm, attributesOf(header, usage));

  checkToldValue(scratch, key, plan.algorithm, header.optionalBlocks);
  const made = sealed(context, plan, scratch.bytesOf(key));
  const check = checkBlock(scratch, key, plan.algorithm).toString('hex').toUpperCase();
  // A shorter one would fit many keys.
  if (
    request.kcv !== '' &&
    (request.kcv.length < TOLD_DIGITS || !check.startsWith(request.kcv.toUpperCase()))
  ) {
    throw new HsmError('HSM_KEY_BLOCK_INVALID', `KCV ${made.kcv}, but ${request.kcv} was told`);
  }
  if (usage === 'P0') tryOut(context, made.record, key);
  return { ...made, header: JSON.stringify(header) };
}

const TRIAL_PAN = Buffer.from('4000000000000002', 'latin1');
/** A PIN nobody has, in format 0 for that PAN; under AES it is a block like any other. */
const TRIAL_BLOCKS = {
  T: Buffer.from('041226FFFFFFFFFF', 'hex'),
  A: Buffer.from('041226FFFFFFFFFF041226FFFFFFFFFF', 'hex'),
} as const;

/**
 * A zone's PIN key works before its other side is told that we have it: a PIN block under the key as it came is
 * translated by the key as it will be used, unwrapped from its record. A key that did not survive its wrapping would
 * else be found by the first cardholders. @throws HSM_KEY_BLOCK_INVALID
 */
function tryOut(context: OperationContext, record: string, came: Secret): void {
  const { scratch } = context;
  const key = context.workingKeys.onTrial(scratch, record);
  const algorithm = key.algorithm === 'A' ? 'A' : 'T';
  const sent = scratch.encrypt(came, algorithm, TRIAL_BLOCKS[algorithm]);
  const side = pinSideOf(key, 0);
  const isRight =
    algorithm === 'T'
      ? worked(() => translatePinBlock(scratch, side, side, TRIAL_PAN, sent).equals(sent))
      : scratch.encrypt(secretOf(key), algorithm, TRIAL_BLOCKS[algorithm]).equals(sent);
  if (!isRight) throw new HsmError('HSM_KEY_BLOCK_INVALID', 'a trial translation under the key that came');
}

function worked(trial: () => boolean): boolean {
  try {
    return trial();
  } catch (error) {
    if (error instanceof HsmError && error.code === 'HSM_PIN_BLOCK_INVALID') return false;
    throw error;
  }
}

/** A working key for another party, under a key both share. The record's usage goes into the header. */
export function exportKeyBlock(context: OperationContext, request: RequestOf<'exportKeyBlock'>): string {
  const { scratch, workingKeys } = context;
  const facts = workingKeys.leavable(scratch, request.record);
  context.note({
    under: request.protection,
    usage: facts.usage,
    owner: facts.owner,
    id: facts.id,
    kcv: facts.kcv,
  });
  context.authorise('export', { under: request.protection, usage: facts.usage });
  const version = versionThatLeaves(request.version);
  const attributes = attributesToLeaveWith(facts.id, facts.usage, facts.attributes ?? ALL_ALLOWED, {
    mode: request.mode,
    exportability: request.exportability,
    optionalBlocks: optionalBlocks(request.optional),
  });
  const under = keyToLeaveUnder(context, request.protection);
  checkStrength(facts.id, facts, under);

  const header: KeyBlockHeader = {
    version,
    usage: usageOutside(facts.usage),
    algorithm: facts.algorithm,
    mode: attributes.mode,
    keyVersion: attributes.keyVersion,
    exportability: attributes.exportability,
    optionalBlocks: [...attributes.optionalBlocks],
  };
  const value = scratch.hostFrom(workingKeys.clearValue(scratch, request.record));
  return scratch.onHost(() => wrapKeyBlock(scratch, protectionKey(under), header, value));
}

function keyToLeaveUnder(context: OperationContext, reference: string): SessionKey {
  if (isRecord(reference)) {
    throw new HsmError('HSM_KEY_EXPORT', 'keys leave under a key of the token, not under one of a record');
  }
  return context.key(reference, 'encrypt', 'K1');
}

/** A key that comes is one of a zone: to X9.143 a terminal's PIN key is the same, and is made here. */
function usageThatComes(usage: string): KeyUsage {
  const known = usageOf(usage);
  if (usageOutside(known) === known) return known;
  throw new HsmError('HSM_KEY_USAGE', `usage ${usage}`);
}

function checkVersion({ keyBlockVersions }: OperationContext, version: string): void {
  if (keyBlockVersions.has(version)) return;
  throw new HsmError(
    'HSM_KEY_BLOCK_INVALID',
    `version ${version}; HSM_KEY_BLOCK_VERSIONS allows ${[...keyBlockVersions].join(', ')}`,
  );
}

function versionThatLeaves(version: string): KeyBlockVersion {
  if (version === 'B' || version === 'D') return version;
  throw new HsmError('HSM_REQUEST_INVALID', 'key blocks leave in versions B and D; others are only read');
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
