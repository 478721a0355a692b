import type { Pan, PinBlock } from '../../messages/index.ts';
import type { KeyBlockHeader, OptionalBlock } from '../keyblock/header.ts';
import type { KeyRecordFacts, KeyState } from '../keys/record.ts';
import type { PinFormat } from '../pin/formats.ts';
import type { HsmStatus } from '../process/service.ts';
import type { Outcome } from '../protocol/composite.ts';

/**
 * What the HSM does for the switch. A key is the label of one on the token, or the sealed record of a working key; its
 * value is never handed over. Every call rejects with an HsmError.
 */
export interface Hsm {
  /**
   * The MAC the key's usage asks for: M3 retail MAC (8 bytes), M1 CBC-MAC, M6 CMAC, M7 HMAC-SHA256; padding method 1.
   */
  generateMac(key: string, data: Uint8Array): Promise<Buffer>;
  /** Compares a MAC, whole or truncated to its leftmost 4 bytes or more. */
  verifyMac(key: string, data: Uint8Array, mac: Uint8Array): Promise<boolean>;
  /**
   * ISO 9564-1 format 0 under the key `from` to format 0 under `to`, for the same PAN.
   * @throws HSM_PIN_BLOCK_INVALID where the clear block is not well formed, which a wrong key or PAN also causes
   */
  translatePin(request: { from: string; to: string; pan: Pan; block: PinBlock }): Promise<PinBlock>;
  /**
   * Between formats, algorithms and DUKPT, for the same PAN. @throws HSM_PIN_TRANSLATION_FORBIDDEN, HSM_KSN_REPLAYED
   */
  translatePinBlock(request: {
    from: EncryptedPin;
    to: string;
    toFormat: PinFormat;
    pan: Pan;
  }): Promise<PinBlock>;
  /** Six hex digits: a zero block under a triple DES key, CMAC of one under AES. */
  keyCheckValue(key: string): Promise<string>;
  /** AES-256-GCM ciphertext for storage, and 32 bytes of HMAC-SHA256 to find equal PANs by. */
  protectPan(pan: Pan): Promise<ProtectedPan>;
  /**
   * All that a payment asks before it is let in, in one trip. Parts that are left out are not done; a part that is
   * refused says why, and hinders no other.
   */
  openRequest(request: OpenRequest): Promise<OpenedRequest>;
  /** @throws HSM_CIPHERTEXT_INVALID */
  revealPan(ciphertext: Uint8Array): Promise<Pan>;
  /** Uses a key on the token: resolves only where the token itself answers. */
  ping(): Promise<void>;
}

/** A PAN in the two forms that may be stored. */
export interface ProtectedPan {
  readonly ciphertext: Buffer;
  readonly lookup: Buffer;
}

export interface OpenRequest {
  /** The MAC to verify first. Keys are tried in this order; those whose time is over are passed by. At most 8. */
  readonly seal?: {
    readonly data: Uint8Array;
    readonly mac: Uint8Array;
    readonly keys: readonly { readonly macKey: string; readonly pinKey: string }[];
  };
  readonly pan?: Pan;
  /** Whether the PAN is to be protected. */
  readonly protect?: boolean;
  /** The block to translate, for that PAN; format 0 where none is named. */
  readonly pin?: {
    /** Default: the PIN key beside the MAC key that fits. */
    readonly key?: string;
    readonly block: PinBlock;
    readonly format?: PinFormat;
    readonly to: string;
    readonly toFormat?: PinFormat;
  };
}

/** Where the MAC was wrong nothing else was done. */
export type OpenedRequest =
  | { readonly mac: 'wrong' }
  | ({ readonly mac: 'right' /** Which of the keys. */; readonly fitted: number } & OpenedParts)
  | ({ readonly mac: 'not-asked' } & OpenedParts);

export interface OpenedParts {
  readonly card?: Outcome<ProtectedPan>;
  readonly pin?: Outcome<PinBlock>;
}

/** A PIN block as it arrived: its key (a BDK where there is a KSN), its format (default 0). */
export interface EncryptedPin {
  key: string;
  /** 10 bytes of triple DES DUKPT, 12 of AES DUKPT. */
  ksn?: Uint8Array;
  /** With a KSN: what the same block may be asked again under, up to 255 characters. Default: this call alone. */
  transaction?: string;
  format?: PinFormat;
  block: PinBlock;
}

/** A chip card in one transaction. */
export interface ChipCard {
  /** VisaCVN10, VisaCVN18, VisaCVN22, MasterCardCVN16 …: `emv/schemes.ts`. */
  version: string;
  pan: Pan;
  /** Tag 5F34, two digits. */
  sequenceNumber: string;
  /** Tag 9F36, 2 bytes. */
  counter: Uint8Array;
  /** Tag 9F37, 4 bytes. */
  unpredictableNumber: Uint8Array;
  /** Tag 9F26, 8 bytes. */
  arqc: Uint8Array;
}

/** What the owner of a new working key decides. Instants in milliseconds since the epoch. */
export interface NewKey {
  owner: string;
  /** Default `active`. */
  state?: 'pending' | 'active';
  notBefore?: number;
  notAfter?: number;
  /** Default 0: no limit. */
  useLimit?: number;
}

/** A working key under the LMK: store the record, it is the key's reference from now on. */
export interface SealedKey {
  record: string;
  kcv: string;
}

/** All the rest of payment cryptography. */
export interface PaymentHsm extends Hsm {
  /** A response MAC under the key DUKPT derives from this BDK. */
  generateDukptMac(bdk: string, ksn: Uint8Array, data: Uint8Array): Promise<Buffer>;
  /** A request MAC. @param transaction what the same data may be verified again under. @throws HSM_KSN_REPLAYED */
  verifyDukptMac(
    bdk: string,
    ksn: Uint8Array,
    data: Uint8Array,
    mac: Uint8Array,
    transaction?: string,
  ): Promise<boolean>;
  /** CBC under a DUKPT data key; whole blocks. @throws HSM_KSN_REPLAYED by what decrypts */
  dukptData(request: {
    bdk: string;
    ksn: Uint8Array;
    /** What the same data may be decrypted again under. */
    transaction?: string;
    direction: 'request' | 'response';
    action: 'encrypt' | 'decrypt';
    iv: Uint8Array;
    data: Uint8Array;
  }): Promise<Buffer>;
  /** @param pvv four digits */
  verifyPvv(request: {
    pin: EncryptedPin;
    pan: Pan;
    pvk: string;
    keyIndex: number;
    pvv: string;
  }): Promise<boolean>;
  /** IBM 3624. `rule.pad` is one hex digit, `rule.table` sixteen decimal ones. */
  verifyPinOffset(request: {
    pin: EncryptedPin;
    pan: Pan;
    pvk: string;
    offset: string;
    rule: { start: number; length: number; pad: string; table: string };
  }): Promise<boolean>;
  /** CVV, CVV2 (service code 000), iCVV (999). @param card expiry in the issuer's order, 4 digits */
  verifyCvv(
    key: string,
    card: { pan: Pan; expiry: string; serviceCode: string },
    value: string,
  ): Promise<boolean>;
  generateCvv(key: string, card: { pan: Pan; expiry: string; serviceCode: string }): Promise<string>;
  /** Visa CAVV. @param proof unpredictable number 4 digits, result 1 digit, second factor 2 digits */
  verifyCavv(
    key: string,
    pan: Pan,
    proof: { unpredictableNumber: string; result: string; secondFactor: string },
    value: string,
  ): Promise<boolean>;
  /**
   * @param request.status response code (2 bytes) or card status update (4), as the card's version asks; without it no
   * ARPC is made. @returns the ARPC only where the cryptogram is right
   */
  verifyArqc(
    issuerKey: string,
    card: ChipCard,
    request: { data: Uint8Array; status?: Uint8Array; proprietaryData?: Uint8Array },
  ): Promise<{ valid: boolean; arpc?: Buffer }>;
  /** The MAC of an issuer script command. */
  scriptMac(integrityKey: string, card: ChipCard, header: Uint8Array, data: Uint8Array): Promise<Buffer>;
  /** A whole PIN CHANGE/UNBLOCK command. */
  changeCardPin(
    keys: { cryptogram: string; integrity: string; confidentiality: string },
    card: ChipCard,
    newPin: EncryptedPin,
  ): Promise<Buffer>;
  /** @param kind usage and algorithm as in a key block header; bytes */
  generateKey(kind: { usage: string; algorithm: string; length: number }, plan: NewKey): Promise<SealedKey>;
  /** A key received (0800 key exchange, terminal logon). @throws HSM_KEY_BLOCK_INVALID, also where the KCV differs */
  importKeyBlock(
    protection: string,
    block: string,
    plan: NewKey,
    kcv?: string,
  ): Promise<SealedKey & { header: KeyBlockHeader }>;
  /** A key to send. Versions A and C are read, never written. */
  exportKeyBlock(
    protection: string,
    record: string,
    header: {
      version: 'B' | 'D';
      mode: string;
      exportability: 'E' | 'N' | 'S';
      optionalBlocks?: readonly OptionalBlock[];
    },
  ): Promise<string>;
  /** The next state of a key's life; `notAfter` can only come nearer. @returns the record to store instead */
  setKeyState(record: string, state: KeyState, notAfter?: number): Promise<string>;
  /**
   * A new key for the same use, and the old one expiring when both have overlapped for `overlapMs`.
   * @returns both records to store
   */
  rotateKey(record: string, overlapMs: number, now: number): Promise<{ replaced: string; next: SealedKey }>;
  describeKey(record: string): Promise<KeyRecordFacts>;
  /** ECDSA on P-256 over the SHA-256 of `data`, under a key pair on the token: r and s, 64 bytes (IEEE P1363). */
  sign(key: string, data: Uint8Array): Promise<Buffer>;
  /** The public half of a key pair: SubjectPublicKeyInfo in DER. */
  publicKey(key: string): Promise<Buffer>;
  status(): Promise<HsmStatus>;
}
