import { HsmError } from '../errors.ts';
import { type RetailMacKey, retailMacKey } from '../mac/mac.ts';
import type { PaddingMethod } from '../mac/padding.ts';
import type { Scratch, Secret } from '../token/secrets.ts';
import { applicationCryptogram, arpcMethod1, arpcMethod2 } from './cryptograms.ts';
import {
  type CardKeyOption,
  commonSessionKey,
  type DerivedKey,
  emvDiversifier,
  iccMasterKey,
  mastercardDiversifier,
  setOddParity,
  visaSessionKey,
} from './keys.ts';
import { chipPinBlock, encryptCommandData, scriptMac, visaPinChangeBlock } from './scripts.ts';

/** Which key signs a cryptogram: the card's own, or one of its session keys. */
type CryptogramKey = 'card' | 'common' | 'mastercard';

/** What a cryptogram version number stands for. Visa VIS 1.6 and Mastercard M/Chip 4, as far as public. */
export interface CryptogramVersion {
  cardKey: CardKeyOption;
  padding: PaddingMethod;
  requestKey: CryptogramKey;
  responseKey: CryptogramKey;
  responseMethod: 1 | 2;
  /** Secure messaging: Visa XORs the counter into the card key, the others derive from the cryptogram. */
  messagingKey: 'visa' | 'common';
  /** Whether a script's MAC also covers the counter and the cryptogram. */
  macsTransaction: boolean;
  encryption: 'VISA' | 'MASTERCARD';
}

const VISA_MESSAGING = { messagingKey: 'visa', macsTransaction: true, encryption: 'VISA' } as const;
const MASTERCARD_MESSAGING = {
  messagingKey: 'common',
  macsTransaction: true,
  encryption: 'MASTERCARD',
} as const;

const MCHIP_PROPRIETARY: CryptogramVersion = {
  cardKey: 'A',
  padding: 2,
  requestKey: 'mastercard',
  responseKey: 'card',
  responseMethod: 1,
  ...MASTERCARD_MESSAGING,
};
const MCHIP_COMMON: CryptogramVersion = { ...MCHIP_PROPRIETARY, requestKey: 'common', responseKey: 'common' };
const VISA_COMMON: CryptogramVersion = {
  cardKey: 'B',
  padding: 2,
  requestKey: 'common',
  responseKey: 'common',
  responseMethod: 2,
  ...VISA_MESSAGING,
};

const CRYPTOGRAM_VERSIONS: Readonly<Record<string, CryptogramVersion>> = {
  VisaCVN10: {
    ...VISA_COMMON,
    cardKey: 'A',
    padding: 1,
    requestKey: 'card',
    responseKey: 'card',
    responseMethod: 1,
  },
  VisaCVN18: VISA_COMMON,
  VisaCVN22: { ...VISA_COMMON, messagingKey: 'common' },
  InteracCVN133: { ...MCHIP_PROPRIETARY, responseKey: 'mastercard', macsTransaction: false },
  MasterCardCVN16: MCHIP_PROPRIETARY,
  MasterCardCVN17: MCHIP_PROPRIETARY,
  MasterCardCVN20: MCHIP_COMMON,
  MasterCardCVN21: MCHIP_COMMON,
};

/** The issuer's master keys: application cryptogram, script integrity, script confidentiality. */
export interface IssuerMasterKeys {
  cryptogram: Secret;
  integrity: Secret;
  confidentiality: Secret;
}

/** One card in one transaction. Byte strings of tags not needed by the version may be absent. */
export interface CardTransaction {
  pan: string;
  sequenceNumber: string;
  /** 9F36, 2 bytes. */
  counter?: Buffer | undefined;
  /** 9F37, 4 bytes. */
  unpredictableNumber?: Buffer | undefined;
  /** 9F26, 8 bytes. */
  cryptogram?: Buffer | undefined;
}

/** The cryptography of one issuer's cards under one cryptogram version. */
export class CardScheme {
  readonly #scratch: Scratch;
  readonly #version: CryptogramVersion;
  readonly #keys: IssuerMasterKeys;
  readonly #card: CardTransaction;

  constructor(scratch: Scratch, version: CryptogramVersion, keys: IssuerMasterKeys, card: CardTransaction) {
    this.#scratch = scratch;
    this.#version = version;
    this.#keys = keys;
    this.#card = card;
  }

  /** @param data the tags in the version's order */
  requestCryptogram(data: Buffer): Buffer {
    return applicationCryptogram(
      this.#scratch,
      this.#cryptogramKey(this.#version.requestKey),
      data,
      this.#version.padding,
    );
  }

  /** @param status response code (method 1) or card status update (method 2) */
  responseCryptogram(status: Buffer, proprietaryData: Buffer): Buffer {
    const key = this.#cryptogramKey(this.#version.responseKey);
    const arqc = needed(this.#card.cryptogram, '9F26');
    return this.#version.responseMethod === 1
      ? arpcMethod1(this.#scratch, key, arqc, status)
      : arpcMethod2(this.#scratch, key, arqc, status, proprietaryData);
  }

  /** @param header CLA INS P1 P2 Lc */
  commandMac(header: Buffer, data: Buffer): Buffer {
    const transaction = this.#version.macsTransaction
      ? Buffer.concat([needed(this.#card.counter, '9F36'), needed(this.#card.cryptogram, '9F26')])
      : Buffer.alloc(0);
    return scriptMac(this.#scratch, this.#integrityKey(), Buffer.concat([header, transaction, data]));
  }

  /** The whole PIN CHANGE/UNBLOCK command. @param pin and @param currentPin one digit per byte, in the scratch */
  pinChangeCommand(pin: Buffer, currentPin: Buffer | undefined): Buffer {
    const visa = this.#version.encryption === 'VISA';
    const block = visa
      ? visaPinChangeBlock(this.#scratch, this.#cardCryptogramKeyBytes(), pin, currentPin)
      : chipPinBlock(this.#scratch, pin);
    const data = encryptCommandData(
      this.#scratch,
      this.#confidentialityKey(),
      block,
      this.#version.encryption,
    );
    const replacesCurrent = visa && currentPin !== undefined;
    const header = Buffer.from([0x84, 0x24, 0x00, replacesCurrent ? 0x01 : 0x02, data.length + 8]);
    return Buffer.concat([header, data, this.commandMac(header, data)]);
  }

  #cardKeyUnder(issuerKey: Secret): DerivedKey {
    const { pan, sequenceNumber } = this.#card;
    return iccMasterKey(this.#scratch, issuerKey, this.#version.cardKey, pan, sequenceNumber);
  }

  #cryptogramKey(kind: CryptogramKey): RetailMacKey {
    const cardKey = this.#cardKeyUnder(this.#keys.cryptogram);
    if (kind === 'card') return cardKey.asMacKey();
    const counter = needed(this.#card.counter, '9F36');
    const diversifier =
      kind === 'common'
        ? emvDiversifier(counter)
        : mastercardDiversifier(counter, needed(this.#card.unpredictableNumber, '9F37'));
    return commonSessionKey(this.#scratch, cardKey.asCipherKey(), diversifier).asMacKey();
  }

  #integrityKey(): RetailMacKey {
    const cardKey = this.#cardKeyUnder(this.#keys.integrity);
    if (this.#version.messagingKey === 'visa') {
      return retailMacKey(
        this.#scratch,
        visaSessionKey(this.#scratch, cardKey, needed(this.#card.counter, '9F36')),
      );
    }
    return commonSessionKey(
      this.#scratch,
      cardKey.asCipherKey(),
      needed(this.#card.cryptogram, '9F26'),
    ).asMacKey();
  }

  #confidentialityKey(): Secret {
    const cardKey = this.#cardKeyUnder(this.#keys.confidentiality);
    if (this.#version.messagingKey === 'visa') {
      return visaSessionKey(this.#scratch, cardKey, needed(this.#card.counter, '9F36'));
    }
    const cryptogram = needed(this.#card.cryptogram, '9F26');
    return commonSessionKey(this.#scratch, cardKey.asCipherKey(), cryptogram).asCipherKey();
  }

  /** Visa mixes four bytes of the card's cryptogram key into the PIN block: they are needed on the host. */
  #cardCryptogramKeyBytes(): Buffer {
    return setOddParity(this.#cardKeyUnder(this.#keys.cryptogram).onHost().bytes);
  }
}

export function cryptogramVersionOf(name: string): CryptogramVersion {
  const version = CRYPTOGRAM_VERSIONS[name];
  if (!version) throw new HsmError('HSM_REQUEST_INVALID', `cryptogram version ${name}`);
  return version;
}

function needed(value: Buffer | undefined, tag: string): Buffer {
  if (value === undefined) throw new HsmError('HSM_REQUEST_INVALID', `tag ${tag} is needed`);
  return value;
}
