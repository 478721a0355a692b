import type * as Pkcs11 from 'pkcs11js';

type Direction = 'encrypt' | 'decrypt';

const CAPACITY = 256;

/**
 * Multi-part operations left open for the length of one turn of requests, one session each. In ECB every part stands
 * for itself, so one initialisation serves all blocks of the turn: on SoftHSM it is nine tenths of the cost of a call.
 * Not longer: a software token holds the key in clear in our memory while its operation is open. Bounded; the one used
 * longest ago is closed first. Anything odd closes the operation, and the caller starts anew.
 */
export class StandingCiphers {
  readonly #module: Pkcs11.PKCS11;
  readonly #openSession: () => Pkcs11.Handle;
  readonly #sessions = new Map<number, Pkcs11.Handle>();

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
    this.#close(name);
    return false;
  }

  /** At the end of a turn. */
  closeAll(): void {
    for (const name of this.#sessions.keys()) this.#close(name);
  }

  /** Before a key is destroyed: its handle may come again for another. */
  forget(key: Pkcs11.Handle): void {
    this.#close(nameOf('encrypt', key));
    this.#close(nameOf('decrypt', key));
  }

  #sessionFor(
    name: number,
    direction: Direction,
    mechanism: Pkcs11.Mechanism,
    key: Pkcs11.Handle,
  ): Pkcs11.Handle {
    const open = this.#sessions.get(name);
    if (open) return open;
    const session = this.#openSession();
    this.#sessions.set(name, session);
    if (direction === 'encrypt') this.#module.C_EncryptInit(session, mechanism, key);
    else this.#module.C_DecryptInit(session, mechanism, key);
    const oldest = this.#sessions.keys().next().value;
    if (this.#sessions.size > CAPACITY && oldest !== undefined) this.#close(oldest);
    return session;
  }

  #close(name: number): void {
    const session = this.#sessions.get(name);
    if (!session) return;
    this.#sessions.delete(name);
    try {
      this.#module.C_CloseSession(session);
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
