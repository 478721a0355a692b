import type { SecretType } from './mechanisms.ts';
import { pkcs11, type Template } from './pkcs11.ts';

/**
 * What the token is told of a secret that it holds for one call: a session object that may be used and derived from.
 * @param isReadable whether its value may be read, which only a profile without the right mechanism asks for
 * @param valueLength in bytes; absent where the type says it
 */
export function secretTemplate(
  isReadable: boolean,
  type: SecretType,
  valueLength: number | undefined,
): Template {
  const cipher = type === 'T' || type === 'A';
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_TOKEN, value: false },
    { type: pkcs11.CKA_PRIVATE, value: true },
    { type: pkcs11.CKA_SENSITIVE, value: !isReadable },
    // C_WrapKey takes a secret out encrypted only where it is extractable; it lives for one call.
    { type: pkcs11.CKA_EXTRACTABLE, value: true },
    { type: pkcs11.CKA_DERIVE, value: true },
    { type: pkcs11.CKA_SIGN, value: true },
    { type: pkcs11.CKA_ENCRYPT, value: cipher },
    { type: pkcs11.CKA_DECRYPT, value: cipher },
    { type: pkcs11.CKA_WRAP, value: cipher },
    { type: pkcs11.CKA_UNWRAP, value: cipher },
    ...(valueLength === undefined ? [] : [{ type: pkcs11.CKA_VALUE_LEN, value: valueLength }]),
  ];
}
