import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Address } from '../../runtime/index.ts';

const GONE_WITHIN_MS = 5_000;
const ENTRY = join(import.meta.dirname, 'flood-process.ts');

export interface FloodOrder {
  readonly address: Address;
  /** Well-formed purchases with a wrong MAC; else bytes that are no frame. */
  readonly wrongMacs: boolean;
  /** Connections that say nothing, beside those that do. */
  readonly idle: number;
}

/** Strangers, a process of their own. @returns what sends them home */
export async function floodFrom(
  address: Address,
  order: Omit<FloodOrder, 'address'>,
): Promise<() => Promise<void>> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = fork(ENTRY, [], { env });
  child.on('error', () => {}); // it is gone, and that is what is waited for
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.send({ address, ...order } satisfies FloodOrder);
  return async () => {
    if (child.connected) child.disconnect();
    const patience = setTimeout(() => child.kill('SIGKILL'), GONE_WITHIN_MS);
    await gone;
    clearTimeout(patience);
  };
}
