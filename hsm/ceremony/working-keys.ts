import type { KeyRecordFacts } from '../keys/record.ts';
import type { KeyAlgorithm, KeyUsage } from '../keys/usage.ts';
import { exportKeyBlock } from '../operations/key-blocks.ts';
import { describeKey, generateKey } from '../operations/keys.ts';
import type { RequestOf } from '../protocol/operations.ts';
import { agreed } from './agreed.ts';
import type { Station } from './station.ts';
import type { Terminal } from './terminal.ts';

const END_OF_TIME = 2 ** 48 - 1;

/** What a working key is to be: it lives as a sealed record in a file, not on the token. */
export interface WorkingKeyOrder {
  usage: KeyUsage;
  algorithm: KeyAlgorithm;
  /** Bytes. */
  length: number;
  owner: string;
}

/** A new working key that two custodians agree to. @returns its record and KCV */
export async function generateWorkingKey(
  station: Station,
  terminal: Terminal,
  order: WorkingKeyOrder,
): Promise<{ record: string; kcv: string }> {
  return await agreed({ station, terminal, action: 'generate', facts: { ...order } }, async (confirm) => {
    await confirm(`make a working key ${order.usage} for ${order.owner}`);
    const plan = { ...order, state: 'active', notBefore: 0, notAfter: END_OF_TIME, useLimit: 0 };
    const made = station.work((context) => generateKey(context, plan));
    const { id } = station.work((context) => JSON.parse(describeKey(context, made.record)) as KeyRecordFacts);
    return { result: made, facts: { id, kcv: made.kcv } };
  });
}

/** A working key for another party, under the key both share; two custodians agree to it. */
export async function exportKey(
  station: Station,
  terminal: Terminal,
  request: Omit<RequestOf<'exportKeyBlock'>, 'optional'>,
): Promise<string> {
  const { id, owner, usage, kcv } = station.work(
    (context) => JSON.parse(describeKey(context, request.record)) as KeyRecordFacts,
  );
  const facts = { id, owner, usage, kcv, under: request.protection };
  return await agreed({ station, terminal, action: 'export', facts }, async (confirm) => {
    await confirm(`export ${usage} key of ${owner}, KCV ${kcv}, under ${request.protection}`);
    const block = station.work((context) => exportKeyBlock(context, { ...request, optional: '' }));
    return { result: block, facts: {} };
  });
}
