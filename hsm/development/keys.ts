import { createHash } from 'node:crypto';
import { setOddParity } from '../emv/keys.ts';
import { hostCipher } from '../token/host-cipher.ts';

/**
 * The published development keys: anybody can compute them, so that terminals, network simulators and testers hold the
 * same keys as a development token. An HSM process in production refuses a token that has one.
 */
export interface DevelopmentKey {
  name: string;
  usage: 'P0' | 'PT' | 'M3' | 'B0' | 'E0' | 'E1' | 'E2' | 'C0' | 'V1' | 'V2' | 'K1';
  algorithm: 'T' | 'A';
}

const TERMINALS = Array.from({ length: 10 }, (_, index) => `TERM${String(index + 1).padStart(4, '0')}`);
const NETWORKS = ['VISA', 'MASTERCARD', 'CB', 'BANCONTACT', 'ISO87'];

const tdes = (usage: DevelopmentKey['usage']) => (name: string) =>
  ({ name, usage, algorithm: 'T' }) satisfies DevelopmentKey;

export const DEVELOPMENT_KEYS: readonly DevelopmentKey[] = [
  ...TERMINALS.map((terminal) => `TPK/${terminal}`).map(tdes('PT')),
  ...NETWORKS.map((network) => `ZPK/${network}`).map(tdes('P0')),
  ...TERMINALS.map((terminal) => `TAK/${terminal}`).map(tdes('M3')),
  ...NETWORKS.map((network) => `ZAK/${network}`).map(tdes('M3')),
  ...TERMINALS.map((terminal) => `TMK/${terminal}`).map(tdes('K1')),
  { name: 'ZMK/VISA', usage: 'K1', algorithm: 'A' },
  tdes('K1')('ZMK/ISO87'),
  tdes('B0')('BDK/TDES'),
  { name: 'BDK/AES', usage: 'B0', algorithm: 'A' },
  tdes('E0')('IMK-AC/VISA'),
  tdes('E2')('IMK-SMI/VISA'),
  tdes('E1')('IMK-SMC/VISA'),
  tdes('C0')('CVK/VISA'),
  tdes('V1')('PVK-IBM/VISA'),
  tdes('V2')('PVK/VISA'),
];

/** Base and issuer keys are those of the standards' own examples, whose results are published. */
const EXAMPLE_KEYS: Readonly<Record<string, string>> = {
  'BDK/TDES': '0123456789ABCDEFFEDCBA9876543210',
  'BDK/AES': 'FEDCBA9876543210F1F1F1F1F1F1F1F1',
  'IMK-AC/VISA': '0123456789ABCDEFFEDCBA9876543210',
  'IMK-SMI/VISA': 'FEDCBA98765432100123456789ABCDEF',
  'IMK-SMC/VISA': '89ABCDEF0123456776543210FEDCBA98',
};

const KEY_LENGTH = 16;
const COMPONENTS = 2;

/** One of the two components of a development key, as a custodian would type it: 16 bytes of odd parity. */
export function developmentComponent(name: string, number: number): Buffer {
  const seed = `etika-payment-integration development key, component ${number} of ${name}`;
  return setOddParity(createHash('sha256').update(seed).digest().subarray(0, KEY_LENGTH));
}

/** The clear value of a development key, 16 bytes of odd parity. @throws where there is no such key */
export function developmentKey(name: string): Buffer {
  if (!DEVELOPMENT_KEYS.some((key) => key.name === name)) throw new Error(`${name} is not a development key`);
  const example = EXAMPLE_KEYS[name];
  if (example !== undefined) return Buffer.from(example, 'hex');
  const key = Buffer.alloc(KEY_LENGTH);
  for (let number = 1; number <= COMPONENTS; number++) {
    const component = developmentComponent(name, number);
    for (let i = 0; i < KEY_LENGTH; i++) key[i] = (key[i] ?? 0) ^ (component[i] ?? 0);
  }
  return setOddParity(key);
}

/** What both sides compare: the first three bytes of zeroes under a triple DES key, hex. */
export function developmentKeyCheckValue(name: string): string {
  return checkBlockOf(name).subarray(0, 3).toString('hex').toUpperCase();
}

function checkBlockOf(name: string): Buffer {
  return hostCipher('encrypt', 'T', developmentKey(name), Buffer.alloc(8), Buffer.alloc(8));
}
