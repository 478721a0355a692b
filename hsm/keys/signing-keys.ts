import { createHash } from 'node:crypto';
import { HsmError } from '../errors.ts';
import { type Handle, pkcs11, type Template, type TokenSession } from '../token/pkcs11.ts';

/** Signs the heads of the journal's hash chains (docs/audit.md). A successor is AUDIT/2. */
export const AUDIT_KEY = 'AUDIT/1';

/** secp256r1, 1.2.840.10045.3.1.7, in DER. */
const P256 = Buffer.from('06082a8648ce3d030107', 'hex');
/** SubjectPublicKeyInfo of a P-256 key, up to the point (RFC 5480 §2). */
const SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');
const POINT_LENGTH = 65;
const SIGNATURE_LENGTH = 64;

interface SigningKey {
  readonly privateKey: Handle;
  readonly publicKey: Handle;
}

/**
 * Key pairs for signatures, ECDSA on P-256: usage S0 and algorithm E in the names of X9.143. The private key never
 * leaves the token; whoever has the public one verifies without it.
 */
export class SigningKeys {
  readonly #session: TokenSession;
  readonly #known = new Map<string, SigningKey>();

  constructor(session: TokenSession) {
    this.#session = session;
  }

  has(label: string): boolean {
    return this.#find(label) !== undefined;
  }

  /** ECDSA over the SHA-256 of `data`: r and s, 32 bytes each (IEEE P1363). @throws HSM_UNKNOWN_KEY */
  sign(label: string, data: Uint8Array): Buffer {
    const digest = createHash('sha256').update(data).digest();
    const output = Buffer.alloc(SIGNATURE_LENGTH);
    const { privateKey } = this.#get(label);
    const signature = this.#session.sign({ mechanism: pkcs11.CKM_ECDSA }, privateKey, digest, output);
    if (signature.length !== SIGNATURE_LENGTH) {
      throw new HsmError('HSM_TOKEN_FAILED', 'C_Sign: a short signature');
    }
    return signature;
  }

  /** SubjectPublicKeyInfo in DER. @throws HSM_UNKNOWN_KEY */
  publicKey(label: string): Buffer {
    const [encoded = Buffer.alloc(0)] = this.#session.attributes(this.#get(label).publicKey, [
      pkcs11.CKA_EC_POINT,
    ]);
    return Buffer.concat([SPKI_PREFIX, encoded.subarray(-POINT_LENGTH)]); // some tokens wrap it in an OCTET STRING
  }

  /** Made by the token itself, for good. */
  generate(label: string): void {
    const named: Template = [
      { type: pkcs11.CKA_TOKEN, value: true },
      { type: pkcs11.CKA_LABEL, value: label },
      { type: pkcs11.CKA_ID, value: identityOf(label) },
    ];
    const publicTemplate: Template = [
      ...named,
      { type: pkcs11.CKA_EC_PARAMS, value: P256 },
      { type: pkcs11.CKA_VERIFY, value: true },
    ];
    const privateTemplate: Template = [
      ...named,
      { type: pkcs11.CKA_PRIVATE, value: true },
      { type: pkcs11.CKA_SENSITIVE, value: true },
      { type: pkcs11.CKA_EXTRACTABLE, value: false },
      { type: pkcs11.CKA_SIGN, value: true },
    ];
    this.#session.generatePair({ mechanism: pkcs11.CKM_EC_KEY_PAIR_GEN }, publicTemplate, privateTemplate);
  }

  #get(label: string): SigningKey {
    const key = this.#find(label);
    if (!key) throw new HsmError('HSM_UNKNOWN_KEY', label);
    return key;
  }

  /** A search of the token until it is there: signatures are asked for every few seconds, not by each request. */
  #find(label: string): SigningKey | undefined {
    const known = this.#known.get(label);
    if (known) return known;
    const [privateKey] = this.#objects(label, pkcs11.CKO_PRIVATE_KEY);
    const [publicKey] = this.#objects(label, pkcs11.CKO_PUBLIC_KEY);
    if (!privateKey || !publicKey) return undefined;
    const found = { privateKey, publicKey };
    this.#known.set(label, found);
    return found;
  }

  #objects(label: string, objectClass: number): Handle[] {
    return this.#session.find([
      { type: pkcs11.CKA_CLASS, value: objectClass },
      { type: pkcs11.CKA_TOKEN, value: true },
      { type: pkcs11.CKA_ID, value: identityOf(label) },
    ]);
  }
}

/** What a public key is known by: SHA-256 of its SubjectPublicKeyInfo, in hex. */
export function fingerprintOf(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex');
}

function identityOf(label: string): Buffer {
  return Buffer.from(`S0E:${label}`, 'latin1');
}
