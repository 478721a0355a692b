import { Patience } from './patience.ts';
import type { Dialogue, Terminal } from './terminal.ts';
import type { TerminalMessage } from './terminal-dialects.ts';
import { momentOf } from './terminal-dialects.ts';

const ACCEPTED = '00';
/** After these the same reversal may well be accepted later. */
const NOT_NOW: ReadonlySet<string> = new Set(['96', '91']);

/** A terminal's reversal of its own request: sent until it is accepted, from the second time on as a repeat. */
export class Reversal implements Dialogue {
  readonly #terminal: Terminal;
  readonly #message: TerminalMessage;
  readonly #patience: Patience;
  /** How the switch answered for good. */
  outcome: string | undefined;

  constructor(terminal: Terminal, original: TerminalMessage, patienceMs: number) {
    this.#terminal = terminal;
    this.#patience = new Patience(terminal, patienceMs, () => this.#send('0401'));
    const { de2, de3, de4, de7 = '', de11 = '', de22, de25, de41, de42, de49 } = original;
    this.#message = {
      mti: '0400',
      ...{ de2, de3, de4, de22, de25, de41, de42, de49 },
      ...momentOf(terminal.process.clock),
      de11: terminal.nextStan(),
      de90: {
        mti: original.mti,
        stan: de11,
        transmission: de7,
        acquirer: '0'.repeat(11),
        forwarder: '0'.repeat(11),
      },
    };
    terminal.expect(this.#message, this);
  }

  get isOver(): boolean {
    return this.outcome !== undefined;
  }

  begin(): void {
    this.#send('0400');
  }

  answered({ de39: code = '' }: TerminalMessage, isTrusted: boolean): void {
    if (this.isOver || !isTrusted) return;
    this.#terminal.world.tell(this.#terminal.settings.id, () => `reversal ${this.#message.de11}: ${code}`);
    if (NOT_NOW.has(code)) {
      this.#patience.later();
      return;
    }
    this.#patience.end();
    this.outcome = code;
  }

  cutOff(): void {
    this.#patience.later();
  }

  get isAccepted(): boolean {
    return this.outcome === ACCEPTED;
  }

  #send(mti: '0400' | '0401'): void {
    const { de11, de90, de4 } = this.#message;
    this.#terminal.world.tell(
      this.#terminal.settings.id,
      () => `${mti} ${de11} of ${de90?.stan} (${Number(de4)})`,
    );
    this.#patience.begin();
    this.#terminal.send({ ...this.#message, mti }, this);
  }
}
