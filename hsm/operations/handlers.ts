import { fingerprintOf } from '../keys/signing-keys.ts';
import { checkStatement } from '../keys/statement.ts';
import type { OperationName, ReplyOf, RequestOf } from '../protocol/operations.ts';
import { changeCardPin, generateCardValue, scriptMac, verifyArqc, verifyCardValue } from './card.ts';
import type { OperationContext } from './context.ts';
import { exportKeyBlock, importKeyBlock } from './key-blocks.ts';
import { describeKey, generateKey, keyCheckValue, setKeyState } from './keys.ts';
import { dukptData, generateMac, verifyMac } from './mac.ts';
import { openRequest } from './open-request.ts';
import { protectPan, revealPan } from './pan.ts';
import { translatePin, verifyOffset, verifyPvv } from './pin.ts';

/** Operations that work with keys; `ping` and `status` are about the process and answered by it. */
export type KeyOperation = Exclude<OperationName, 'ping' | 'status'>;

/** What the signed log tells of: keys that are made, come, leave, or change. */
export const LOGGED: ReadonlySet<KeyOperation> = new Set([
  'generateKey',
  'importKeyBlock',
  'exportKeyBlock',
  'setKeyState',
] as const);

export type Handlers = {
  readonly [N in KeyOperation]: (context: OperationContext, request: RequestOf<N>) => ReplyOf<N>;
};

export const HANDLERS: Handlers = {
  generateMac: (context, request) => ({ mac: generateMac(context, request) }),
  verifyMac: (context, request) => ({ valid: verifyMac(context, request) }),
  translatePin: (context, request) => ({ block: translatePin(context, request) }),
  keyCheckValue: (context, { key }) => ({ value: keyCheckValue(context, key) }),
  protectPan: (context, { pan }) => protectPan(context, pan),
  revealPan: (context, { ciphertext }) => ({ pan: revealPan(context, ciphertext) }),
  verifyPvv: (context, request) => ({ valid: verifyPvv(context, request) }),
  verifyOffset: (context, request) => ({ valid: verifyOffset(context, request) }),
  verifyCardValue: (context, request) => ({ valid: verifyCardValue(context, request) }),
  generateCardValue: (context, request) => ({ value: generateCardValue(context, request) }),
  verifyArqc: (context, request) => verifyArqc(context, request),
  scriptMac: (context, request) => ({ mac: scriptMac(context, request) }),
  changeCardPin: (context, request) => ({ command: changeCardPin(context, request) }),
  generateKey: (context, request) => generateKey(context, request),
  importKeyBlock: (context, request) => importKeyBlock(context, request),
  exportKeyBlock: (context, request) => ({ block: exportKeyBlock(context, request) }),
  setKeyState: (context, request) => ({ record: setKeyState(context, request) }),
  describeKey: (context, { record }) => ({ facts: describeKey(context, record) }),
  dukptData: (context, request) => ({ data: dukptData(context, request) }),
  sign: ({ signingKeys }, { key, data }) => {
    checkStatement(key, data, fingerprintOf(signingKeys.publicKey(key)));
    return { signature: signingKeys.sign(key, data) };
  },
  openRequest: (context, request) => openRequest(context, request),
  publicKey: ({ signingKeys }, { key }) => ({ key: signingKeys.publicKey(key) }),
};
