import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Address } from '../../runtime/index.ts';

const GONE_WITHIN_MS = 5_000;
const THERE_WITHIN_MS = 60_000;
const ENTRY = join(import.meta.dirname, 'flood-process.ts');

export interface FloodOrder {
  readonly address: Address;
  /** Well-formed purchases with a wrong MAC; else bytes that are no frame. */
  readonly wrongMacs: boolean;
  /** Connections that say nothing, beside those that do. */
  readonly idle: number;
}

/** Strangers, a process of their own. Resolves once they are there. @returns what sends them home */
export async function floodFrom(
  address: Address,
  order: Omit<FloodOrder, 'address'>,
): Promise<() => Promise<void>> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = fork(ENTRY, [], { env });
  child.on('error', () => {}); // it is gone, and that is what is waited for
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const there = new Promise<void>((resolve) => child.once('message', () => resolve()));
  const late = AbortSignal.timeout(THERE_WITHIN_MS);
  const givenUp = new Promise<void>((resolve) => late.addEventListener('abort', () => resolve()));
  child.send({ address, ...order } satisfies FloodOrder);
  await Promise.race([there, gone, givenUp]);
  return async () => {
    if (child.connected) child.disconnect();
    const patience = setTimeout(() => child.kill('SIGKILL'), GONE_WITHIN_MS);
    await gone;
    clearTimeout(patience);
  };
}
