import { timingSafeEqual } from 'node:crypto';
import { HsmError } from '../errors.ts';
import type { KeyAttributes } from './attributes.ts';
import { isKeyUsage, type KeyAlgorithm, type KeyPart, type KeyUsage } from './usage.ts';

/** A key's life (PCI PIN 21, NIST SP 800-57): only forward, and used only while active or expiring. */
export const KEY_STATES = ['pending', 'active', 'expiring', 'retired', 'destroyed'] as const;
export type KeyState = (typeof KEY_STATES)[number];

/** What is known of a working key. Sealed with its wrapped value: none of it can be changed but by the HSM. */
export interface KeyRecordFacts {
  id: string;
  usage: KeyUsage;
  algorithm: KeyAlgorithm;
  /** Bytes. */
  length: number;
  kcv: string;
  subkey: string | undefined;
  owner: string;
  state: KeyState;
  /** Milliseconds since the epoch. */
  notBefore: number;
  notAfter: number;
  /** How often it may be used; 0 for no limit. */
  useLimit: number;
  /** Absent in records that were made before it was kept. */
  attributes?: KeyAttributes;
  /** Grows with every change of the record. */
  revision: number;
}

/** A working key as its owner stores it: facts, its forms wrapped under the LMK, and a seal over both. */
export interface KeyRecord {
  facts: KeyRecordFacts;
  wrapped: Map<KeyPart, Buffer>;
}

const PREFIX = 'wk1';
const SEPARATOR = '.';
const LONGEST_RECORD = 3_000;
const SEAL_LENGTH = 32;

/** Whether a key reference is a record rather than the label of a key on the token. */
export function isRecord(reference: string): boolean {
  return reference.startsWith(`${PREFIX}${SEPARATOR}`);
}

/** @param seal HMAC-SHA256 under the token's sealing key */
export function formatRecord({ facts, wrapped }: KeyRecord, seal: (data: Buffer) => Buffer): string {
  const parts = [...wrapped].map(([part, value]) => `${part}:${value.toString('base64url')}`);
  const body = [PREFIX, Buffer.from(JSON.stringify(facts)).toString('base64url'), ...parts].join(SEPARATOR);
  return `${body}${SEPARATOR}${seal(Buffer.from(body, 'latin1')).toString('base64url')}`;
}

/** @throws HSM_KEY_BLOCK_INVALID where anything of it was altered, or sealed by another token */
export function parseRecord(text: string, seal: (data: Buffer) => Buffer): KeyRecord {
  if (text.length > LONGEST_RECORD) {
    throw new HsmError('HSM_KEY_BLOCK_INVALID', `a record of ${text.length} characters`);
  }
  const end = text.lastIndexOf(SEPARATOR);
  const given = Buffer.from(text.slice(end + 1), 'base64url');
  const canonical = given.toString('base64url') === text.slice(end + 1);
  if (
    !canonical ||
    given.length !== SEAL_LENGTH ||
    !timingSafeEqual(seal(Buffer.from(text.slice(0, end), 'latin1')), given)
  ) {
    throw new HsmError('HSM_KEY_BLOCK_INVALID', 'the seal of the key record');
  }
  // Sealed by us: from here on its shape is our own.
  const [, facts = '', ...parts] = text.slice(0, end).split(SEPARATOR);
  const known = JSON.parse(Buffer.from(facts, 'base64url').toString('utf8')) as KeyRecordFacts;
  if (!isKeyUsage(known.usage)) throw new HsmError('HSM_KEY_BLOCK_INVALID', 'the usage of the key record');
  return { facts: known, wrapped: new Map(parts.map(partOf)) };
}

function partOf(text: string): [KeyPart, Buffer] {
  const [part = '', value = ''] = text.split(':');
  return [part as KeyPart, Buffer.from(value, 'base64url')];
}

/** @throws HSM_KEY_STATE */
export function checkUsable(facts: KeyRecordFacts, now: number): void {
  const refuse = (reason: string): never => {
    throw new HsmError('HSM_KEY_STATE', `${facts.id} ${reason}`);
  };
  if (facts.state !== 'active' && facts.state !== 'expiring') refuse(`is ${facts.state}`);
  if (now < facts.notBefore) refuse('is not valid yet');
  if (now >= facts.notAfter) refuse('is no longer valid');
}

/**
 * Whether a key may leave in a key block: while it may be used, or waits for its first use. A limit of uses cannot go
 * with it, so a key that has one stays. @throws HSM_KEY_STATE, HSM_KEY_EXPORT
 */
export function checkLeavable(facts: KeyRecordFacts, now: number): void {
  if (facts.state !== 'pending') checkUsable(facts, now);
  if (facts.useLimit === 0) return;
  throw new HsmError(
    'HSM_KEY_EXPORT',
    `${facts.id} may be used ${facts.useLimit} times, and would lose that limit`,
  );
}

/** @throws HSM_KEY_STATE on a step back */
export function withState(facts: KeyRecordFacts, state: KeyState, notAfter: number): KeyRecordFacts {
  if (KEY_STATES.indexOf(state) <= KEY_STATES.indexOf(facts.state)) {
    throw new HsmError('HSM_KEY_STATE', `${facts.id} is ${facts.state} and cannot become ${state}`);
  }
  return { ...facts, state, notAfter: Math.min(notAfter, facts.notAfter), revision: facts.revision + 1 };
}
