import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Account, FromTills, TillOrder, ToTills } from './account.ts';

const ENTRY = join(import.meta.dirname, 'tills-process.ts');
const ANSWER_WITHIN_MS = 10_000;

/** The process of the tills, seen from the run. One question at a time. */
export class TillRoom {
  readonly #child: ChildProcess;
  #turn: Promise<unknown> = Promise.resolve();

  constructor() {
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.#child = fork(ENTRY, [], { serialization: 'advanced', env });
    this.#child.on('error', () => {}); // whoever asks hears that nobody answers
  }

  pid(): number {
    return this.#child.pid ?? 0;
  }

  async open(order: TillOrder): Promise<void> {
    await this.#ask({ open: order });
  }

  async account(): Promise<Account> {
    return accountIn(await this.#ask({ account: true }));
  }

  /** No more purchases; resolves once every one is certain, or not within this time. */
  async settle(settleWithinMs: number): Promise<Account> {
    return accountIn(await this.#ask({ settleWithinMs }, settleWithinMs + ANSWER_WITHIN_MS));
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #ask(message: ToTills, withinMs = ANSWER_WITHIN_MS): Promise<FromTills> {
    const asked = this.#turn.then(() => this.#exchange(message, withinMs));
    this.#turn = asked.catch(() => {});
    return asked;
  }

  #exchange(message: ToTills, withinMs: number): Promise<FromTills> {
    const { promise, resolve, reject } = Promise.withResolvers<FromTills>();
    const child = this.#child;
    if (!child.connected) return Promise.reject(new Error('the tills are closed'));
    const late = setTimeout(() => reject(new Error(`the tills say nothing for ${withinMs} ms`)), withinMs);
    const ended = (code: number | null) => reject(new Error(`the tills ended with ${code}`));
    child.once('exit', ended).once('message', resolve);
    child.send(message);
    return promise.finally(() => {
      clearTimeout(late);
      child.off('exit', ended).off('message', resolve);
    });
  }
}

function accountIn(told: FromTills): Account {
  if ('account' in told) return told.account;
  throw new Error(`the tills: ${'failed' in told ? told.failed : 'no account'}`);
}
