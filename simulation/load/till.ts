import { Pan } from '../../messages/index.ts';
import { TEST_CARDS } from '../orders.ts';
import { envelope } from '../peers/messages.ts';
import type { Dialogue, Terminal } from '../peers/terminal.ts';
import type { TerminalMessage } from '../peers/terminal-dialects.ts';

/** One purchase as the queue before a till sees it: asked once, and answered or not. */
export interface Asked {
  readonly at: number;
  /** DE39, with when it came. */
  answer: { readonly code: string; readonly at: number } | undefined;
}

const AMOUNTS = 997;

/** Purchases at one terminal, however many at once: what is refused is not asked again. */
export class Till {
  readonly #terminal: Terminal;
  readonly #asked: Asked[];
  #count = 0;

  /** @param asked where all tills note what they asked */
  constructor(terminal: Terminal, asked: Asked[]) {
    this.#terminal = terminal;
    this.#asked = asked;
  }

  sell(): void {
    const terminal = this.#terminal;
    const { world } = terminal;
    this.#count += 1;
    const cards = TEST_CARDS.visa;
    const message: TerminalMessage = {
      mti: '0200',
      ...envelope(terminal),
      de2: Pan.of(cards[this.#count % cards.length] ?? cards[0]),
      de3: '000000',
      de4: String(1_000 + (this.#count % AMOUNTS)).padStart(12, '0'),
      de22: '071',
      de25: '00',
      de49: '978',
    };
    const asked: Asked = { at: world.now, answer: undefined };
    this.#asked.push(asked);
    const dialogue: Dialogue = {
      answered: ({ de39: code = '' }) => {
        asked.answer ??= { code, at: world.now };
      },
      cutOff() {},
    };
    terminal.expect(message, dialogue);
    terminal.send(message, dialogue);
  }
}
