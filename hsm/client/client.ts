import { randomUUID } from 'node:crypto';
import { Pan, PinBlock } from '../../messages/index.ts';
import { HsmConnection } from './connection.ts';
import type { ChipCard, EncryptedPin, Hsm, NewKey, PaymentHsm } from './hsm.ts';
import type { Call, HsmConnectOptions, Link } from './link.ts';
import { openRequest } from './open-request.ts';
import { copied, digitsOf } from './values.ts';

export interface HsmClient extends Hsm {
  connected(): boolean;
  /** Resolves once connected; rejects HSM_UNAVAILABLE if closed before. */
  whenConnected(): Promise<void>;
  /** Refuses what is in flight and connects no more. */
  close(): Promise<void>;
}

export type PaymentHsmClient = HsmClient & PaymentHsm;

/** A client of one HSM process; it reconnects by itself for as long as it is not closed. */
export function connectHsm(options: HsmConnectOptions): PaymentHsmClient {
  return clientOf(new HsmConnection(options));
}

const NO_BYTES = new Uint8Array(0);
const END_OF_TIME = 2 ** 48 - 1;

export function clientOf(link: Link): PaymentHsmClient {
  const { call } = link;
  const hsm = paymentHsm(call);
  return {
    ...hsm,
    connected: () => link.connected(),
    whenConnected: () => link.whenConnected(),
    close: () => link.close(),
  };
}

function paymentHsm(call: Call): PaymentHsm {
  return {
    ...macs(call),
    ...pins(call),
    ...pans(call),
    openRequest: openRequest(call),
    ...cards(call),
    ...keys(call),
  };
}

type Part<K extends keyof PaymentHsm> = Pick<PaymentHsm, K>;

function macs(
  call: Call,
): Part<'generateMac' | 'verifyMac' | 'generateDukptMac' | 'verifyDukptMac' | 'dukptData'> {
  return {
    async generateMac(key, data) {
      return copied((await call('generateMac', { key, ksn: NO_BYTES, data })).mac);
    },
    async verifyMac(key, data, mac) {
      return (await call('verifyMac', { key, ksn: NO_BYTES, transaction: '', data, mac })).valid;
    },
    async generateDukptMac(key, ksn, data) {
      return copied((await call('generateMac', { key, ksn, data })).mac);
    },
    async verifyDukptMac(key, ksn, data, mac, transaction = randomUUID()) {
      return (await call('verifyMac', { key, ksn, transaction, data, mac })).valid;
    },
    async dukptData({ bdk, ksn, direction, action, iv, data, transaction = randomUUID() }) {
      const request = {
        key: bdk,
        ksn,
        transaction,
        request: direction === 'request',
        encrypt: action === 'encrypt',
        iv,
        data,
      };
      return copied((await call('dukptData', request)).data);
    },
  };
}

function pins(call: Call): Part<'translatePin' | 'translatePinBlock' | 'verifyPvv' | 'verifyPinOffset'> {
  const translate = async (from: EncryptedPin, to: string, toFormat: number, pan: Pan) => {
    const request = { ...sourceOf(from), to, toFormat, pan: digitsOf(pan) };
    return PinBlock.of(copied((await call('translatePin', request)).block));
  };
  return {
    translatePin: ({ from, to, pan, block }) => translate({ key: from, block }, to, 0, pan),
    translatePinBlock: ({ from, to, toFormat, pan }) => translate(from, to, toFormat, pan),
    async verifyPvv({ pin, pan, pvk, keyIndex, pvv }) {
      return (await call('verifyPvv', { ...sourceOf(pin), pan: digitsOf(pan), pvk, keyIndex, pvv })).valid;
    },
    async verifyPinOffset({ pin, pan, pvk, offset, rule }) {
      const { start, length, pad, table } = rule;
      const fields = { pvk, offset, start, length, pad: padOf(pad), table };
      return (await call('verifyOffset', { ...sourceOf(pin), pan: digitsOf(pan), ...fields })).valid;
    },
  };
}

/** One hexadecimal digit; what is none becomes a value the HSM refuses. */
function padOf(pad: string): number {
  return /^[0-9A-Fa-f]$/.test(pad) ? Number.parseInt(pad, 16) : 0xff;
}

function pans(call: Call): Part<'protectPan' | 'revealPan'> {
  return {
    async protectPan(pan) {
      const { ciphertext, lookup } = await call('protectPan', { pan: digitsOf(pan) });
      return { ciphertext: copied(ciphertext), lookup: copied(lookup) };
    },
    async revealPan(ciphertext) {
      return Pan.of(copied((await call('revealPan', { ciphertext })).pan).toString('latin1'));
    },
  };
}

function cards(
  call: Call,
): Part<'verifyCvv' | 'generateCvv' | 'verifyCavv' | 'verifyArqc' | 'scriptMac' | 'changeCardPin'> {
  return {
    async verifyCvv(key, { pan, expiry, serviceCode }, value) {
      return (await call('verifyCardValue', { key, pan: digitsOf(pan), expiry, serviceCode, value })).valid;
    },
    async generateCvv(key, { pan, expiry, serviceCode }) {
      return (await call('generateCardValue', { key, pan: digitsOf(pan), expiry, serviceCode })).value;
    },
    async verifyCavv(key, pan, { unpredictableNumber, result, secondFactor }, value) {
      const fields = { expiry: unpredictableNumber, serviceCode: `${result}${secondFactor}`, value };
      return (await call('verifyCardValue', { key, pan: digitsOf(pan), ...fields })).valid;
    },
    async verifyArqc(key, card, { data, status = NO_BYTES, proprietaryData = NO_BYTES }) {
      const { valid, arpc } = await call('verifyArqc', {
        key,
        ...fieldsOf(card),
        data,
        status,
        proprietaryData,
      });
      return arpc.length === 0 ? { valid } : { valid, arpc: copied(arpc) };
    },
    async scriptMac(integrity, card, header, data) {
      return copied((await call('scriptMac', { integrity, ...fieldsOf(card), header, data })).mac);
    },
    async changeCardPin(issuerKeys, card, newPin) {
      return copied(
        (await call('changeCardPin', { ...issuerKeys, ...fieldsOf(card), ...sourceOf(newPin) })).command,
      );
    },
  };
}

function keys(
  call: Call,
): Part<
  | 'keyCheckValue'
  | 'generateKey'
  | 'importKeyBlock'
  | 'exportKeyBlock'
  | 'setKeyState'
  | 'rotateKey'
  | 'describeKey'
  | 'sign'
  | 'publicKey'
  | 'status'
  | 'ping'
> {
  const describe = async (record: string) => JSON.parse((await call('describeKey', { record })).facts);
  return {
    async keyCheckValue(key) {
      return (await call('keyCheckValue', { key })).value;
    },
    generateKey: (kind, plan) => call('generateKey', { ...kind, ...planOf(plan) }),
    async importKeyBlock(protection, block, plan, kcv = '') {
      const { header, ...sealed } = await call('importKeyBlock', { protection, block, kcv, ...planOf(plan) });
      return { ...sealed, header: JSON.parse(header) };
    },
    async exportKeyBlock(protection, record, { version, mode, exportability, optionalBlocks }) {
      const optional = optionalBlocks === undefined ? '' : JSON.stringify(optionalBlocks);
      return (await call('exportKeyBlock', { protection, record, version, mode, exportability, optional }))
        .block;
    },
    async setKeyState(record, state, notAfter = END_OF_TIME) {
      return (await call('setKeyState', { record, state, notAfter })).record;
    },
    async rotateKey(record, overlapMs, now) {
      const { usage, algorithm, length, owner, useLimit, notAfter, notBefore } = await describe(record);
      // The new key is valid for as long as the old one was meant to be.
      const plan = planOf({ owner, useLimit, notBefore: now, notAfter: now + (notAfter - notBefore) });
      const next = await call('generateKey', { usage, algorithm, length, ...plan });
      const replaced = await call('setKeyState', { record, state: 'expiring', notAfter: now + overlapMs });
      return { replaced: replaced.record, next };
    },
    describeKey: describe,
    async sign(key, data) {
      return copied((await call('sign', { key, data })).signature);
    },
    async publicKey(key) {
      return copied((await call('publicKey', { key })).key);
    },
    async status() {
      return JSON.parse((await call('status', {})).status);
    },
    async ping() {
      await call('ping', {});
    },
  };
}

function planOf({ owner, state = 'active', notBefore = 0, notAfter = END_OF_TIME, useLimit = 0 }: NewKey) {
  return { owner, state, notBefore, notAfter, useLimit };
}

/** A request with a counter is told from a replay by its transaction; where the caller names none, it is this call. */
function sourceOf({ key, ksn = NO_BYTES, format = 0, block, transaction }: EncryptedPin) {
  const named = transaction ?? (ksn.length === 0 ? '' : randomUUID());
  return { key, ksn, transaction: named, format, block: block.reveal() };
}

function fieldsOf({ version, pan, sequenceNumber, counter, unpredictableNumber, arqc }: ChipCard) {
  return { version, pan: digitsOf(pan), sequenceNumber, counter, unpredictableNumber, arqc };
}
