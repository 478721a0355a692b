import type { Laboratory } from '../kat/family.ts';
import { ALL_ALLOWED } from '../keys/attributes.ts';
import type { SessionKey } from '../keys/key.ts';
import type { KeyPart } from '../keys/usage.ts';
import { UseLedger } from '../keys/use-ledger.ts';
import { openRequest } from '../operations/open-request.ts';
import { PAN_DATA_KEY, PAN_LOOKUP_KEY, revealPan } from '../operations/pan.ts';
import { PinGuard } from '../pin/guard.ts';
import { NONE_FITTED, type RequestOf } from '../protocol/operations.ts';

/** Published values of the self-test: two triple DES keys, an AES key, one of HMAC, and what is under them. */
export interface KnownRequest {
  readonly tdes: Buffer;
  readonly other: Buffer;
  readonly aes: Buffer;
  readonly hmac: Buffer;
  readonly pan: Buffer;
  readonly data: Buffer;
  /** Under `tdes`. */
  readonly mac: Buffer;
  readonly pinBlock: Buffer;
}

/**
 * The self-test's question to the composite operation: the second of two keys fits and every part is done; under a
 * wrong MAC none is. Its keys are objects of the laboratory, in the forms in which the process holds its own.
 * @returns translated block, look-up hash and revealed PAN
 */
export function openedRequest(lab: Laboratory, known: KnownRequest): string {
  const { scratch } = lab;
  const keys = keysOf(lab, known);
  const pinGuard = new PinGuard(UseLedger.open(undefined), () => 0);
  const context = {
    scratch,
    key: (name: string) => keyNamed(keys, name),
    pinGuard,
    peer: '',
    cardMark: () => '',
  };
  const request: RequestOf<'openRequest'> = {
    seal: {
      data: known.data,
      mac: known.mac,
      keys: [
        { mac: 'other', pin: 'other' },
        { mac: 'mac', pin: 'pin' },
      ],
    },
    pan: known.pan,
    protect: true,
    pin: { key: '', format: 0, block: known.pinBlock, to: 'pin', toFormat: 0 },
  };
  try {
    const { fitted, card, pin } = openRequest(context, request);
    if (fitted !== 1 || !card || !('done' in card) || !pin || !('done' in pin)) return 'not opened';
    const revealed = lab.check(() => revealPan(context, card.done.ciphertext)).toString('latin1');
    const { seal } = request;
    const forged = { ...request, seal: seal && { ...seal, mac: known.pinBlock } };
    const refused = openRequest(context, forged);
    if (refused.fitted !== NONE_FITTED || refused.card || refused.pin) return 'opened under a wrong MAC';
    return (
      [pin.done.block, card.done.lookup].map((part) => Buffer.from(part).toString('hex')).join(' ') +
      ` ${revealed}`
    );
  } finally {
    // These keys go with the laboratory, and what stands under them before.
    scratch.session.standing.endAll();
  }
}

function keysOf({ scratch }: Laboratory, { tdes, other, aes, hmac }: KnownRequest): SessionKey[] {
  const key = (name: string, usage: SessionKey['usage'], algorithm: 'T' | 'A' | 'H', value: Buffer) => {
    const part = (bytes: Buffer) => scratch.import(bytes, algorithm === 'H' ? 'hmac' : algorithm).handle;
    const left = value.subarray(0, 8);
    const handles: Partial<Record<KeyPart, Buffer>> = {
      whole: part(value),
      ...(usage === 'M3' && { left: part(Buffer.concat([left, left, left])) }),
    };
    const handle = (wanted: KeyPart) => handles[wanted];
    return {
      name,
      usage,
      algorithm,
      length: value.length,
      kcv: undefined,
      subkey: undefined,
      mode: ALL_ALLOWED.mode,
      handle,
    };
  };
  return [
    key('other', 'M3', 'T', other),
    key('mac', 'M3', 'T', tdes),
    key('pin', 'P0', 'T', tdes),
    key(PAN_DATA_KEY, 'D0', 'A', aes),
    key(PAN_LOOKUP_KEY, 'HL', 'H', hmac),
  ];
}

function keyNamed(keys: readonly SessionKey[], name: string): SessionKey {
  const key = keys.find((candidate) => candidate.name === name);
  if (!key) throw new Error(`the self-test has no key ${name}`);
  return key;
}
