import type * as Pkcs11 from 'pkcs11js';

type Direction = 'encrypt' | 'decrypt';

const CAPACITY = 256;
const BLOCK = 8;

interface Standing {
  readonly session: Pkcs11.Handle;
  readonly direction: Direction;
}

/**
 * Multi-part operations left open for the length of one turn of requests, one session each. In ECB every part stands
 * for itself, so one initialisation serves all blocks of the turn: on SoftHSM it is nine tenths of the cost of a call.
 * Not longer: a software token holds the key in clear in our memory while its operation is open. So the operation is
 * ended with the turn, and its session kept for the next: closing one costs SoftHSM a walk over all session objects,
 * 60 µs with the keys of a thousand terminals. Bounded; the one used longest ago is ended first. Anything odd closes
 * the session, and the caller starts anew.
 */
export class StandingCiphers {
  readonly #module: Pkcs11.PKCS11;
  readonly #openSession: () => Pkcs11.Handle;
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
      const session = this.#sessionFor(name, direction, mechanism, key);
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

  /** At the end of a turn. */
  endAll(): void {
    for (const name of this.#standing.keys()) this.#end(name);
  }

  /** Before a key is destroyed: its handle may come again for another. */
  forget(key: Pkcs11.Handle): void {
    this.#end(nameOf('encrypt', key));
    this.#end(nameOf('decrypt', key));
  }

  #sessionFor(
    name: number,
    direction: Direction,
    mechanism: Pkcs11.Mechanism,
    key: Pkcs11.Handle,
  ): Pkcs11.Handle {
    const open = this.#standing.get(name);
    if (open) return open.session;
    const session = this.#idle.pop() ?? this.#openSession();
    this.#standing.set(name, { session, direction });
    if (direction === 'encrypt') this.#module.C_EncryptInit(session, mechanism, key);
    else this.#module.C_DecryptInit(session, mechanism, key);
    const oldest = this.#standing.keys().next().value;
    if (this.#standing.size > CAPACITY && oldest !== undefined) this.#end(oldest);
    return session;
  }

  /** The token wipes what an operation held when it ends. */
  #end(name: number): void {
    const standing = this.#standing.get(name);
    if (!standing) return;
    const { session, direction } = standing;
    try {
      if (direction === 'encrypt') this.#module.C_EncryptFinal(session, this.#rest);
      else this.#module.C_DecryptFinal(session, this.#rest);
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

/** Handles are small numbers in practice, 64 bits by the standard; both fit with the direction beside them. */
function nameOf(direction: Direction, key: Pkcs11.Handle): number {
  const handle = key.readUInt32LE() + (key.length > 4 ? key.readUInt32LE(4) * 2 ** 32 : 0);
  return handle * 2 + (direction === 'encrypt' ? 0 : 1);
}
