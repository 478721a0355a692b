import type * as Pkcs11 from 'pkcs11js';

type Direction = 'encrypt' | 'decrypt';
/** A chain is CBC encryption that goes on from message to message. */
type Work = Direction | 'chain';

const CAPACITY = 256;
const BLOCK = 8;

interface Standing {
  readonly session: Pkcs11.Handle;
  readonly work: Work;
  /** The end of the turn in which it was opened; nothing until then. */
  openedAt: number | undefined;
  /** Of a chain: the last block that came out, which the token will mix into the next one that goes in. */
  readonly last: Buffer | undefined;
}

/**
 * Multi-part operations left open between requests, one session each: on SoftHSM the initialisation is nine tenths of
 * the cost of a call. In ECB every part stands for itself. A CBC chain would mix its last block into the next message;
 * that block is no secret, so the caller's first block is given it beforehand, which cancels it out.
 * Not for long: a software token holds the key's schedule in our memory while its operation is open. So each is ended
 * at an age that use does not extend, a few milliseconds, and its session kept: closing one costs SoftHSM a walk over
 * all session objects, 60 µs with the keys of a thousand terminals. Bounded; the one opened longest ago is ended first.
 * Anything odd closes the session, and the caller starts anew.
 */
export class StandingCiphers {
  readonly #module: Pkcs11.PKCS11;
  readonly #openSession: () => Pkcs11.Handle;
  /** In the order in which they were opened. */
  readonly #standing = new Map<number, Standing>();
  readonly #idle: Pkcs11.Handle[] = [];
  /** Nothing is left to write at an operation's end; some tokens want room for it all the same. */
  readonly #rest = Buffer.alloc(BLOCK);

  constructor(module: Pkcs11.PKCS11, openSession: () => Pkcs11.Handle) {
    this.#module = module;
    this.#openSession = openSession;
  }

  /** Whole blocks in ECB. @returns false where it could not be done this way */
  run(
    direction: Direction,
    mechanism: Pkcs11.Mechanism,
    key: Pkcs11.Handle,
    input: Buffer,
    output: Buffer,
  ): boolean {
    const name = nameOf(direction, key);
    try {
      const { session } = this.#opened(name, direction, mechanism, key);
      const written =
        direction === 'encrypt'
          ? this.#module.C_EncryptUpdate(session, input, output)
          : this.#module.C_DecryptUpdate(session, input, output);
      if (written.length === input.length) return true;
    } catch {
      // Told by what is returned: the ordinary way then succeeds, or fails with a reason.
    }
    this.#drop(name);
    return false;
  }

  /**
   * Whole blocks in CBC from an IV of zeroes, which `mechanism` has to say.
   * @returns false where it could not be done this way; `input` is then what it was
   */
  chain(mechanism: Pkcs11.Mechanism, key: Pkcs11.Handle, input: Buffer, output: Buffer): boolean {
    const name = nameOf('chain', key);
    let before: Buffer | undefined;
    try {
      const { session, last } = this.#opened(name, 'chain', mechanism, key);
      before = last;
      mix(input, before);
      const written = this.#module.C_EncryptUpdate(session, input, output);
      mix(input, before);
      if (before && written.length === input.length) {
        output.copy(before, 0, input.length - BLOCK, input.length);
        return true;
      }
    } catch {
      mix(input, before);
    }
    this.#drop(name);
    return false;
  }

  /**
   * At the end of a turn: ends what was opened before `since`.
   * @returns when the oldest that is left was opened; nothing where none is
   */
  endOlder(since: number, now: number): number | undefined {
    let oldest: number | undefined;
    for (const [name, standing] of this.#standing) {
      standing.openedAt ??= now;
      if (standing.openedAt <= since) this.#end(name);
      else oldest ??= standing.openedAt;
    }
    return oldest;
  }

  endAll(): void {
    for (const name of this.#standing.keys()) this.#end(name);
  }

  /** Before a key is destroyed: its handle may come again for another. */
  forget(key: Pkcs11.Handle): void {
    for (const work of ['encrypt', 'decrypt', 'chain'] as const) this.#end(nameOf(work, key));
  }

  #opened(name: number, work: Work, mechanism: Pkcs11.Mechanism, key: Pkcs11.Handle): Standing {
    const open = this.#standing.get(name);
    if (open) return open;
    const session = this.#idle.pop() ?? this.#openSession();
    const last = work === 'chain' ? Buffer.alloc(BLOCK) : undefined;
    const standing: Standing = { session, work, openedAt: undefined, last };
    this.#standing.set(name, standing);
    if (work === 'decrypt') this.#module.C_DecryptInit(session, mechanism, key);
    else this.#module.C_EncryptInit(session, mechanism, key);
    const oldest = this.#standing.keys().next().value;
    if (this.#standing.size > CAPACITY && oldest !== undefined) this.#end(oldest);
    return standing;
  }

  /** The token wipes what an operation held when it ends. */
  #end(name: number): void {
    const standing = this.#standing.get(name);
    if (!standing) return;
    const { session, work } = standing;
    try {
      if (work === 'decrypt') this.#module.C_DecryptFinal(session, this.#rest);
      else this.#module.C_EncryptFinal(session, this.#rest);
      this.#standing.delete(name);
      this.#idle.push(session);
    } catch {
      this.#drop(name);
    }
  }

  /** Whatever it was at ends with its session. */
  #drop(name: number): void {
    const standing = this.#standing.get(name);
    if (!standing) return;
    this.#standing.delete(name);
    try {
      this.#module.C_CloseSession(standing.session);
    } catch {
      // The token lost it: there is nothing to close.
    }
  }
}

/** XORs the first block with what a chain will mix into it; done twice it changes nothing. */
function mix(input: Buffer, last: Buffer | undefined): void {
  if (!last) return;
  for (let i = 0; i < BLOCK; i++) input[i] = (input[i] ?? 0) ^ (last[i] ?? 0);
}

const WORK_NUMBER: Readonly<Record<Work, number>> = { encrypt: 0, decrypt: 1, chain: 2 };

/** Handles are small numbers in practice, 64 bits by the standard; both fit with the work beside them. */
function nameOf(work: Work, key: Pkcs11.Handle): number {
  const handle = key.readUInt32LE() + (key.length > 4 ? key.readUInt32LE(4) * 2 ** 32 : 0);
  return handle * 4 + WORK_NUMBER[work];
}
