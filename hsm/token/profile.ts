/** What a token was seen to do right, by known answers, at start. Mechanism lists both over- and under-report. */
export interface TokenProfile {
  /** C_UnwrapKey of an encrypted block to a secret that stays inside, and C_WrapKey of it under another key. */
  canUnwrap: boolean;
  /** XOR, concatenation and extraction of secrets (CKM_XOR_BASE_AND_DATA and its kin). */
  canCompute: boolean;
  /** Deriving a key by encrypting data under another (CKM_*_ECB_ENCRYPT_DATA). */
  canEcbDerive: boolean;
  /** A single DES key in a DES object; else it is used as a triple DES key of three equal parts. */
  singleDes: boolean;
  /** A multi-part encryption in ECB that may stay open and gives every block at once. */
  canStand: boolean;
  tdesCmac: boolean;
  aesCmac: boolean;
  /** HMAC under a key shorter than the hash. */
  shortHmac: boolean;
  /** C_WrapKey refuses a key that is not extractable. */
  enforcesExtractable: boolean;
}
