import { cardVerificationValue } from '../card/verification-value.ts';
import { AES_DUKPT_USAGE, type AesDukptKeyType, aesWorkingKey } from '../dukpt/aes.ts';
import { dataKey, pinKey, mac as tdesDukptMac } from '../dukpt/tdes.ts';
import { CardScheme, cryptogramVersionOf } from '../emv/schemes.ts';
import { HsmError } from '../errors.ts';
import { Laboratory } from '../kat/family.ts';
import { algorithmOfVersion, unwrapKeyBlock } from '../keyblock/keyblock.ts';
import { kcvOf } from '../keys/create.ts';
import { cbcMac, cmac, retailMac } from '../mac/mac.ts';
import { pad } from '../mac/padding.ts';
import type { PinFormat } from '../pin/formats.ts';
import { type PinSide, translatePinBlock } from '../pin/translate.ts';
import { matchesOffset, pvvOfBlock } from '../pin/verify.ts';
import { isUnsupported, type TokenSession } from '../token/pkcs11.ts';
import type { TokenProfile } from '../token/profile.ts';
import { type Place, Scratch, type Secret } from '../token/secrets.ts';
import { openedRequest } from './opened-request.ts';

/** Where an operation's secret values are on this token; `none` where the token cannot do it. */
export type Strategy = Place | 'none';

const hex = (digits: string) => Buffer.from(digits, 'hex');

/** Keys nobody uses, made up for this purpose; the answers below were computed by OpenSSL, step by step. */
const TDES = hex('2315208C9110AD40022A4D1F6B853EA7');
const OTHER = hex('CB5B67A2E09D1332F7BA0E8C4A13DF6E');
const AES = hex('8D2E60365F17C7DF1040D7501B4A7B5A');
const DATA = Buffer.from('known answer', 'latin1');
const PAN = Buffer.from('4111111111111111', 'latin1');
const TDES_KSN = hex('FFFF4A7B19C2D3E00006');
const AES_KSN = hex('4A7B19C2D3E4F50600000006');

/** One PIN of five digits in every format. */
const BLOCKS: Readonly<Record<0 | 1 | 3 | 4, Buffer>> = {
  0: hex('CD97D805BAB6F140'),
  1: hex('50C46A3273447A30'),
  3: hex('48109EFA9476E7B6'),
  4: hex('C11A72DDA657669820B62A8029A010AB'),
};

interface Question {
  ask: (lab: Laboratory) => Buffer | string | boolean;
  answer: string | true;
}

/** By the names the status shows. */
const QUESTIONS: Readonly<Record<string, Question>> = {
  'PIN 0 to 0': { ask: (lab) => translated(lab, 0, 0), answer: 'cd97d805bab6f140' },
  'PIN 4 to 0': { ask: (lab) => translated(lab, 4, 0), answer: 'cd97d805bab6f140' },
  'PIN 0 to 4': { ask: (lab) => thereAndBack(lab, 0, 4), answer: 'cd97d805bab6f140' },
  'PIN 4 to 4': { ask: (lab) => thereAndBack(lab, 4, 4), answer: 'cd97d805bab6f140' },
  'PIN 1 to 0': { ask: (lab) => translated(lab, 1, 0), answer: 'cd97d805bab6f140' },
  'PIN 3 to 0': { ask: (lab) => translated(lab, 3, 0), answer: 'cd97d805bab6f140' },
  'PIN 0 to 3': { ask: (lab) => thereAndBack(lab, 0, 3), answer: 'cd97d805bab6f140' },
  'PIN, triple DES DUKPT': {
    ask: (lab) => {
      const key = pinKey(lab.scratch, lab.bdkOf(TDES), TDES_KSN);
      return fromTo(lab, { key, algorithm: 'T', format: 0 }, side(lab, 0), hex('78822F283A9E30D9'));
    },
    answer: 'cd97d805bab6f140',
  },
  'PIN, AES DUKPT': {
    ask: (lab) => {
      const key = aesKey(lab, 'pinEncryption', 'AES128');
      const block = hex('B170B0C65D12BBA23A0D867DB24A3A42');
      return fromTo(lab, { key, algorithm: 'A', format: 4 }, side(lab, 0), block);
    },
    answer: 'cd97d805bab6f140',
  },
  'Visa PVV': {
    ask: (lab) => pvvOfBlock(lab.scratch, side(lab, 0), lab.key(OTHER, 'T'), PAN, 1, BLOCKS[0]),
    answer: '04080408',
  },
  'IBM 3624 offset': {
    ask: (lab) => {
      const conversionTable = Buffer.from([...'0123456789012345'].map(Number));
      const rule = { start: 0, length: 16, pad: 0x0f, conversionTable };
      const offset = Buffer.from([2, 0, 1, 1, 5]);
      return matchesOffset(lab.scratch, side(lab, 0), lab.key(OTHER, 'T'), rule, PAN, offset, BLOCKS[0]);
    },
    answer: true,
  },
  'MAC, algorithm 1': {
    ask: (lab) => cbcMac(lab.scratch, lab.key(TDES, 'T'), 'T', pad(DATA, 8, 1)),
    answer: 'abcd9cbf80e7b262',
  },
  'MAC, algorithm 3': {
    ask: (lab) => retailMac(lab.scratch, lab.macKey(TDES), DATA, 1),
    answer: 'ae697637baaba4e0',
  },
  'CMAC, triple DES': {
    ask: (lab) => cmac(lab.scratch, lab.key(TDES, 'T'), 'T', DATA),
    answer: '7c69d72e8f041116',
  },
  'CMAC, AES': {
    ask: (lab) => cmac(lab.scratch, lab.key(AES, 'A'), 'A', DATA),
    answer: 'd36b422a3b269a82cab3dd0ad9d069af',
  },
  'HMAC, 64 bytes': {
    ask: (lab) =>
      lab.scratch.hmac(lab.scratch.import(Buffer.concat([TDES, OTHER, AES, TDES]), 'hmac'), 'sha256', DATA),
    answer: 'df0bb4dcbf4f6473cecfec71a1d01c25e3bcce0c05b5bea618336eacd8626544',
  },
  'MAC, triple DES DUKPT': {
    ask: (lab) => tdesDukptMac(lab.scratch, lab.bdkOf(TDES), TDES_KSN, 'request', DATA),
    answer: '38f85ec5dc14148f',
  },
  'MAC, AES DUKPT': {
    ask: (lab) => cmac(lab.scratch, aesKey(lab, 'macGeneration', 'AES128'), 'A', DATA),
    answer: 'aa67b03ba37a4a9c1017b6a1dcc4d4e9',
  },
  'HMAC, AES DUKPT': {
    ask: (lab) => lab.scratch.hmac(aesKey(lab, 'macGeneration', 'HMAC128'), 'sha256', DATA),
    answer: '1944ea472ae3a1bbc152f5934bcd0d396f72b8d4224098bc0cc912d72f0382c5',
  },
  'data, triple DES DUKPT': {
    ask: (lab) => {
      const key = dataKey(lab.scratch, lab.bdkOf(TDES), TDES_KSN, 'request');
      return lab.scratch.encrypt(key, 'T', Buffer.alloc(16), Buffer.alloc(8));
    },
    answer: '4125fe6814330afe43bdf39422a3ac73',
  },
  'data, AES DUKPT': {
    ask: (lab) =>
      lab.scratch.encrypt(aesKey(lab, 'dataEncryption', 'AES128'), 'A', Buffer.alloc(16), Buffer.alloc(16)),
    answer: '5c7a1c366db241210f279f05dd69123a',
  },
  'CVV, iCVV, CVV2, CAVV': {
    ask: (lab) => cardVerificationValue(lab.scratch, lab.macKey(TDES), PAN.toString('latin1'), '2912', '201'),
    answer: '551',
  },
  'ARQC, card key': {
    ask: (lab) => card(lab, 'VisaCVN10').requestCryptogram(Buffer.from('transaction data')),
    answer: '39c2479838b9e9c4',
  },
  'ARQC, session key': {
    ask: (lab) => card(lab, 'VisaCVN18').requestCryptogram(Buffer.from('transaction data')),
    answer: '25aacd750011c85a',
  },
  ARPC: {
    ask: (lab) => card(lab, 'VisaCVN18').responseCryptogram(hex('00820000'), Buffer.alloc(0)),
    answer: '6c24bf43',
  },
  'script MAC, common keys': {
    ask: (lab) => card(lab, 'MasterCardCVN20').commandMac(hex('8418000008'), Buffer.alloc(0)),
    answer: '8ad4c42180aa761e',
  },
  'script MAC, Visa keys': {
    ask: (lab) => card(lab, 'VisaCVN18').commandMac(hex('8418000008'), Buffer.alloc(0)),
    answer: '5616f91093c04478',
  },
  'key block B': {
    ask: (lab) =>
      unwrappedKcv(
        lab,
        TDES,
        'B0080P0TB00E0000E9803565D2D26DDD185E7119EAF10B638C8242F2FA5EE951536D3BB143AA8050',
      ),
    answer: '9A2EA5',
  },
  'key block D': {
    ask: (lab) =>
      unwrappedKcv(
        lab,
        AES,
        'D0112P0TB00E0000CCE0387B75C04B4E1D0ACFEDB5066478DF4C45161C523433BD4277719AF0F9A4457CF244FE7B5E9F1973FE5B4B538369',
      ),
    answer: '9A2EA5',
  },
  'opened request': {
    ask: (lab) =>
      openedRequest(lab, {
        tdes: TDES,
        other: OTHER,
        aes: Buffer.concat([AES, AES]),
        hmac: Buffer.concat([TDES, OTHER, AES, TDES]),
        pan: PAN,
        data: DATA,
        mac: hex('AE697637BAABA4E0'),
        pinBlock: BLOCKS[0],
      }),
    answer:
      'cd97d805bab6f140 d8ad7541248e9c115dd6935c32bba174508b3fb6b4f4b3f91c5cf84f31054c93 4111111111111111',
  },
};

/**
 * Asks every operation for an answer known in advance, once at start: shows which way each goes on this token.
 * @throws HSM_TOKEN_FAILED naming the operation where an answer is wrong: such a token is not served with
 */
export function selfTest(session: TokenSession, profile: TokenProfile): Record<string, Strategy> {
  const entries = Object.entries(QUESTIONS);
  return Object.fromEntries(entries.map(([name, question]) => [name, ask(session, profile, name, question)]));
}

function ask(session: TokenSession, profile: TokenProfile, name: string, question: Question): Strategy {
  return Scratch.use(session, profile, (scratch) => {
    try {
      const given = question.ask(new Laboratory(scratch));
      const shown = Buffer.isBuffer(given) ? given.toString('hex') : given;
      if (shown === question.answer) return scratch.place;
    } catch (error) {
      if (isUnsupported(error)) return 'none';
      throw new HsmError('HSM_TOKEN_FAILED', `self-test: ${name}`, { cause: error });
    }
    throw new HsmError('HSM_TOKEN_FAILED', `self-test: ${name} gives a wrong answer`);
  });
}

function side(lab: Laboratory, format: PinFormat): PinSide {
  const algorithm = format === 4 ? 'A' : 'T';
  return { key: lab.key(format === 4 ? AES : TDES, algorithm), algorithm, format };
}

function fromTo(lab: Laboratory, from: PinSide, to: PinSide, block: Buffer): Buffer {
  return translatePinBlock(lab.scratch, from, to, PAN, block);
}

function translated(lab: Laboratory, from: 0 | 1 | 3 | 4, to: 0 | 3 | 4): Buffer {
  return fromTo(lab, side(lab, from), side(lab, to), BLOCKS[from]);
}

/** For formats with random fill: what arrives is opened again. */
function thereAndBack(lab: Laboratory, from: 0 | 4, to: 3 | 4): Buffer {
  return fromTo(lab, side(lab, to), side(lab, 0), translated(lab, from, to));
}

function aesKey(lab: Laboratory, usage: keyof typeof AES_DUKPT_USAGE, keyType: AesDukptKeyType): Secret {
  return aesWorkingKey(lab.scratch, lab.key(AES, 'A'), AES_KSN, AES_DUKPT_USAGE[usage], keyType);
}

function card(lab: Laboratory, version: string): CardScheme {
  const key = lab.key(TDES, 'T');
  const keys = { cryptogram: key, integrity: key, confidentiality: key };
  return new CardScheme(lab.scratch, cryptogramVersionOf(version), keys, {
    pan: PAN.toString('latin1'),
    sequenceNumber: '01',
    counter: hex('001C'),
    cryptogram: hex('0123456789ABCDEF'),
  });
}

/** As keys are imported: their forms are made on the host for every token alike. */
function unwrappedKcv(lab: Laboratory, kbpk: Buffer, block: string): string {
  const { scratch } = lab;
  const protection = { key: lab.key(kbpk, algorithmOfVersion(block.startsWith('D') ? 'D' : 'B')) };
  const { key } = scratch.onHost(() => unwrapKeyBlock(scratch, protection, block));
  return kcvOf(scratch, scratch.import(scratch.bytesOf(key), 'T'), 'T');
}
