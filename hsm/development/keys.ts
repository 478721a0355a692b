import { createCipheriv, createHash } from 'node:crypto';

/**
 * The published development keys: anybody can compute them, so that terminals, network simulators and testers
 * hold the same keys as a development token. An HSM process in production refuses a token that has one.
 */
const TERMINALS = Array.from({ length: 10 }, (_, index) => `TERM${String(index + 1).padStart(4, '0')}`);
const NETWORKS = ['VISA', 'MASTERCARD', 'CB', 'BANCONTACT', 'ISO87'];

export const DEVELOPMENT_PIN_KEYS: readonly string[] = [
  ...TERMINALS.map((terminal) => `TPK/${terminal}`),
  ...NETWORKS.map((network) => `ZPK/${network}`),
];

export const DEVELOPMENT_MAC_KEYS: readonly string[] = [
  ...TERMINALS.map((terminal) => `TAK/${terminal}`),
  ...NETWORKS.map((network) => `ZAK/${network}`),
];

const DOUBLE_LENGTH = 16;
const COMPONENTS = 2;

/** One of the two components of a development key, as a custodian would type it: 16 bytes of odd parity. */
export function developmentComponent(name: string, number: number): Buffer {
  const seed = `etika-payment-integration development key, component ${number} of ${name}`;
  return withOddParity(createHash('sha256').update(seed).digest().subarray(0, DOUBLE_LENGTH));
}

/** The clear value of a development key: its components XORed, odd parity. @throws where there is no such key */
export function developmentKey(name: string): Buffer {
  if (!DEVELOPMENT_PIN_KEYS.includes(name) && !DEVELOPMENT_MAC_KEYS.includes(name)) {
    throw new Error(`${name} is not a development key`);
  }
  const key = Buffer.alloc(DOUBLE_LENGTH);
  for (let number = 1; number <= COMPONENTS; number++) {
    const component = developmentComponent(name, number);
    for (let i = 0; i < DOUBLE_LENGTH; i++) key[i] = (key[i] ?? 0) ^ (component[i] ?? 0);
  }
  return withOddParity(key);
}

/** Whether this is a zero block encrypted under one of the development keys. */
export function isDevelopmentCheckBlock(block: Buffer): boolean {
  developmentCheckBlocks ??= new Set(
    [...DEVELOPMENT_PIN_KEYS, ...DEVELOPMENT_MAC_KEYS].map((name) => zeroBlockUnder(developmentKey(name))),
  );
  return developmentCheckBlocks.has(block.toString('hex'));
}

let developmentCheckBlocks: Set<string> | undefined;

function zeroBlockUnder(key: Buffer): string {
  const cipher = createCipheriv('des-ede-ecb', key, null).setAutoPadding(false);
  return cipher.update(Buffer.alloc(8)).toString('hex');
}

function withOddParity(bytes: Buffer): Buffer {
  for (const [index, byte] of bytes.entries()) {
    let ones = 0;
    for (let bits = byte >> 1; bits !== 0; bits >>= 1) ones += bits & 1;
    bytes[index] = (byte & 0xfe) | (ones % 2 === 0 ? 1 : 0);
  }
  return bytes;
}
