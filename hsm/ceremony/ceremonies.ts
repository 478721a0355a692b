import { chmodSync, writeFileSync } from 'node:fs';
import { setOddParity } from '../emv/keys.ts';
import { HsmError } from '../errors.ts';
import { generateStoredKey, kcvOf, LMK, RECORD_SEAL, randomValue, storeKey } from '../keys/create.ts';
import { AUDIT_KEY, fingerprintOf } from '../keys/signing-keys.ts';
import { checkedParts, isKeyUsage, type KeyAlgorithm, type KeyUsage } from '../keys/usage.ts';
import { xorInto } from '../mac/mac.ts';
import { PAN_DATA_KEY, PAN_LOOKUP_KEY } from '../operations/pan.ts';
import { ruleOfOrder } from '../pin/rule.ts';
import type { Scratch } from '../token/secrets.ts';
import { componentFault } from './components.ts';
import { askCustodian, askCustodians, confirmAll, TRIES } from './custodians.ts';
import type { Station } from './station.ts';
import type { Terminal } from './terminal.ts';

/** What a key is to be, as the order for the ceremony says. */
export interface KeyOrder {
  label: string;
  usage: KeyUsage;
  algorithm: KeyAlgorithm;
  /** Bytes. */
  length: number;
  /** Two or three. */
  components: number;
  /** Of a PIN verification key (V1): `start,length,pad,table`; see pin/rule.ts. */
  pinRule?: string;
}

const OWN_KEY_LENGTH = 32;

/** The keys every token needs before all others. Made by the token, known to nobody. */
export async function prepareToken(station: Station, terminal: Terminal): Promise<void> {
  if (station.has(RECORD_SEAL)) station.checkLog();
  const custodians: string[] = [];
  await askCustodians(terminal, 2, custodians);
  const wanted = [
    { label: LMK, usage: 'K0', algorithm: 'A' },
    { label: RECORD_SEAL, usage: 'KM', algorithm: 'H' },
    { label: PAN_DATA_KEY, usage: 'D0', algorithm: 'A' },
    { label: PAN_LOOKUP_KEY, usage: 'HL', algorithm: 'H' },
  ] as const;
  const missing = wanted.filter(({ label }) => !station.has(label));
  const lacksAuditKey = !station.signingKeys.has(AUDIT_KEY);
  const labels = [...missing.map(({ label }) => label), ...(lacksAuditKey ? [AUDIT_KEY] : [])];
  await confirmAll(terminal, custodians, `make ${labels.join(', ') || 'nothing'}`);
  const made: Record<string, string> = {};
  for (const { label, usage, algorithm } of missing) {
    made[label] = station.use((scratch) =>
      generateStoredKey(scratch, label, usage, algorithm, OWN_KEY_LENGTH),
    );
    terminal.say(`${label}  KCV ${made[label]}`);
  }
  if (lacksAuditKey) {
    station.signingKeys.generate(AUDIT_KEY);
    made[AUDIT_KEY] = fingerprintOf(station.signingKeys.publicKey(AUDIT_KEY));
    terminal.say(`${AUDIT_KEY}  SHA-256 of its public key ${made[AUDIT_KEY]}`);
  }
  station.keys.refresh();
  station.record({ action: 'prepare', outcome: 'completed', custodians, keys: made });
}

/** A key from components, each typed by a custodian of their own, without echo. */
export async function importKey(station: Station, terminal: Terminal, order: KeyOrder): Promise<string> {
  checkOrder(station, order);
  const custodians: string[] = [];
  const kcvs: string[] = [];
  const components = Buffer.allocUnsafeSlow(order.length * order.components).fill(0);
  try {
    for (let number = 1; number <= order.components; number++) {
      custodians.push(await askCustodian(terminal, number, custodians));
      const at = (index: number) => components.subarray(index * order.length, (index + 1) * order.length);
      const others = kcvs.map((_, index) => at(index));
      kcvs.push(await askComponent(station, terminal, order, number, { target: at(number - 1), others }));
      terminal.say('--- the next custodian may come forward ---');
    }
    return await combine(station, terminal, order, components, custodians, kcvs);
  } catch (error) {
    station.recordFailure('import', publicOrder(order), custodians, error);
    throw error;
  } finally {
    components.fill(0);
  }
}

async function combine(
  station: Station,
  terminal: Terminal,
  order: KeyOrder,
  components: Buffer,
  custodians: string[],
  kcvs: string[],
): Promise<string> {
  const expected = (await terminal.ask('KCV of the whole key, from the covering letter: ')).toUpperCase();
  const kcv = station.use((scratch) => kcvOfValue(scratch, order, sumOf(scratch, order, components)));
  terminal.say(`KCV of the combined key  ${kcv}`);
  if (kcv !== expected) {
    throw new HsmError('HSM_CEREMONY_REFUSED', `the combined KCV is ${kcv}, not ${expected}`);
  }
  await confirmAll(terminal, custodians, `store ${order.label} (${order.usage}, KCV ${kcv})`);
  // The log before the key: where it cannot be written, there is no key that it does not know.
  station.record({ action: 'import', outcome: 'agreed', custodians, ...publicOrder(order), kcv });
  storeSum(station, order, components);
  station.record({
    action: 'import',
    outcome: 'completed',
    custodians,
    ...publicOrder(order),
    componentKcvs: kcvs,
    kcv,
  });
  terminal.say(`${order.label} is on the token.`);
  return kcv;
}

/** A new random key: its components go to their custodians on paper, the key itself to nobody but the token. */
export async function createKey(
  station: Station,
  terminal: Terminal,
  order: KeyOrder,
  print: (number: number, custodian: string, sheet: string) => void,
): Promise<string> {
  checkOrder(station, order);
  const custodians: string[] = [];
  const components = Buffer.allocUnsafeSlow(order.length * order.components).fill(0);
  try {
    for (let number = 1; number <= order.components; number++) {
      custodians.push(await askCustodian(terminal, number, custodians));
    }
    await confirmAll(terminal, custodians, `create ${order.label} and print ${order.components} components`);
    station.record({ action: 'create', outcome: 'agreed', custodians, ...publicOrder(order) });
    const kcvs = custodians.map((custodian, index) => {
      const component = components.subarray(index * order.length, (index + 1) * order.length);
      return printComponent(station, order, index + 1, custodian, component, print);
    });
    const kcv = storeSum(station, order, components);
    terminal.say(`${order.label} is on the token, KCV ${kcv}; component KCVs ${kcvs.join(' ')}`);
    station.record({
      action: 'create',
      outcome: 'completed',
      custodians,
      ...publicOrder(order),
      componentKcvs: kcvs,
      kcv,
    });
    return kcv;
  } catch (error) {
    station.recordFailure('create', publicOrder(order), custodians, error);
    throw error;
  } finally {
    components.fill(0);
  }
}

function printComponent(
  station: Station,
  order: KeyOrder,
  number: number,
  custodian: string,
  component: Buffer,
  print: (number: number, custodian: string, sheet: string) => void,
): string {
  return station.use((scratch) => {
    component.set(randomValue(scratch, order.algorithm, order.length));
    const kcv = kcvOfValue(scratch, order, component);
    // What is printed is a string, which cannot be wiped: one component alone tells nothing of the key.
    const digits = component
      .toString('hex')
      .toUpperCase()
      .replace(/.{4}(?=.)/g, '$& ');
    const lines = [
      `Key component ${number} of ${order.components}`,
      `Key        ${order.label} (usage ${order.usage}, algorithm ${order.algorithm}, ${order.length * 8} bits)`,
      `Custodian  ${custodian}`,
      `Component  ${digits}`,
      `KCV        ${kcv}`,
      '',
    ];
    print(number, custodian, lines.join('\n'));
    return kcv;
  });
}

/**
 * One sheet per component, readable by its owner only, in a folder that only he may look into; printed and destroyed as
 * docs/key-ceremony.md tells. @throws HSM_CEREMONY_REFUSED where the folder is another's
 */
export function printToFiles(directory: string, label: string) {
  try {
    chmodSync(directory, 0o700);
  } catch (error) {
    const reason = `${directory} cannot be closed to others: it must be ours`;
    throw new HsmError('HSM_CEREMONY_REFUSED', reason, { cause: error });
  }
  return (number: number, _custodian: string, sheet: string) => {
    const name = `${label.replaceAll('/', '-')}-component-${number}.txt`;
    writeFileSync(`${directory}/${name}`, sheet, { mode: 0o600, flag: 'wx' });
  };
}

async function askComponent(
  station: Station,
  terminal: Terminal,
  order: KeyOrder,
  number: number,
  { target, others }: { target: Buffer; others: readonly Buffer[] },
): Promise<string> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    target.fill(0);
    const complete = await terminal.askHidden(
      `component ${number}, ${order.length * 2} hex digits (not shown): `,
      target,
    );
    if (!complete) {
      terminal.say(`that was not ${order.length * 2} hexadecimal digits`);
      continue;
    }
    const fault = componentFault(target, order.algorithm, others);
    if (fault !== undefined) {
      terminal.say(fault);
      continue;
    }
    const kcv = station.use((scratch) => kcvOfValue(scratch, order, target));
    terminal.say(`KCV of component ${number}  ${kcv}`);
    const answer = await terminal.ask('is it the KCV on your sheet? (yes/no) ');
    if (answer === 'yes') return kcv;
  }
  throw new HsmError('HSM_CEREMONY_REFUSED', `component ${number} was not entered in ${TRIES} tries`);
}

function checkOrder(station: Station, order: KeyOrder): void {
  station.checkLog();
  if (!isKeyUsage(order.usage)) throw new HsmError('HSM_REQUEST_INVALID', `usage ${order.usage}`);
  checkedParts(order.usage, order.algorithm, order.length);
  pinRuleOf(order);
  if (order.components < 2 || order.components > 3) {
    throw new HsmError('HSM_REQUEST_INVALID', 'a key has two or three components');
  }
  if (station.has(order.label)) {
    throw new HsmError('HSM_REQUEST_INVALID', `${order.label} is on the token already`);
  }
}

function pinRuleOf({ usage, pinRule }: KeyOrder): string | undefined {
  if (pinRule === undefined) return undefined;
  if (usage !== 'V1') throw new HsmError('HSM_REQUEST_INVALID', `a PIN rule of a key of usage ${usage}`);
  return ruleOfOrder(pinRule);
}

/** Puts the key that the components make on the token. @returns its KCV */
function storeSum(station: Station, order: KeyOrder, components: Buffer): string {
  const { label, usage, algorithm } = order;
  return station.use((scratch) =>
    storeKey(scratch, label, usage, algorithm, sumOf(scratch, order, components), pinRuleOf(order)),
  );
}

function sumOf(scratch: Scratch, order: KeyOrder, components: Buffer): Buffer {
  const { bytes } = scratch.host(order.length);
  for (let at = 0; at < components.length; at += order.length) {
    xorInto(bytes, components.subarray(at, at + order.length));
  }
  if (bytes.every((byte) => byte === 0)) {
    throw new HsmError('HSM_CEREMONY_REFUSED', 'the components cancel each other');
  }
  // Components of odd parity do not add up to it; the bit protects nothing, and no KCV depends on it.
  return order.algorithm === 'T' ? setOddParity(bytes) : bytes;
}

function kcvOfValue(scratch: Scratch, order: KeyOrder, value: Buffer): string {
  return kcvOf(
    scratch,
    scratch.import(value, order.algorithm === 'H' ? 'hmac' : order.algorithm),
    order.algorithm,
  );
}

function publicOrder({ label, usage, algorithm, length, pinRule }: KeyOrder) {
  return { key: label, usage, algorithm, length, ...(pinRule === undefined ? {} : { pinRule }) };
}
