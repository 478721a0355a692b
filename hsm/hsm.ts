import type { Pan, PinBlock } from '../messages/index.ts';

/** What the HSM does for the switch. Keys are named, never handed over. Every call rejects with an HsmError. */
export interface Hsm {
  /** ISO/IEC 9797-1 MAC algorithm 3 with padding method 1 over `data`: 8 bytes. */
  generateMac(key: string, data: Uint8Array): Promise<Buffer>;
  /** Compares a MAC of 8 bytes, or its leftmost 4 to 7. */
  verifyMac(key: string, data: Uint8Array, mac: Uint8Array): Promise<boolean>;
  /**
   * ISO 9564-1 format 0 under the key `from` to format 0 under `to`, for the same PAN.
   * @throws HSM_PIN_BLOCK_INVALID where the clear block is not well formed, which a wrong key or PAN also causes
   */
  translatePin(request: { from: string; to: string; pan: Pan; block: PinBlock }): Promise<PinBlock>;
  /** Six hex digits: a zero block under a triple DES key, CMAC of one under AES. */
  keyCheckValue(key: string): Promise<string>;
  /** AES-256-GCM ciphertext for storage, and 32 bytes of HMAC-SHA256 to find equal PANs by. */
  protectPan(pan: Pan): Promise<{ ciphertext: Buffer; lookup: Buffer }>;
  /** @throws HSM_CIPHERTEXT_INVALID */
  revealPan(ciphertext: Uint8Array): Promise<Pan>;
  /** Uses a key on the token: resolves only where the token itself answers. */
  ping(): Promise<void>;
}
