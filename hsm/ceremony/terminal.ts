import type { ReadStream } from 'node:tty';
import { systemClock } from '../../runtime/index.ts';
import { HsmError } from '../errors.ts';

/** The conversation with the custodians in front of the screen. */
export interface Terminal {
  say(line: string): void;
  /** One line, shown while it is typed. @throws HSM_CEREMONY_ABORTED on Ctrl-C or Ctrl-D */
  ask(prompt: string): Promise<string>;
  /**
   * Hexadecimal digits, not shown while they are typed, written to `target` (blanks are skipped).
   * @returns whether there were exactly as many as `target` holds
   */
  askHidden(prompt: string, target: Buffer): Promise<boolean>;
  close(): void;
}

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const BACKSPACE = new Set([0x08, 0x7f]);
const ENTER = new Set([0x0a, 0x0d]);
const LONGEST_LINE = 200;
const IDLE_LIMIT_MS = 300_000;

/** @throws HSM_SETTINGS_INVALID where input is no terminal: a component must not come from a file or a pipe */
export function openTerminal(input: ReadStream, output: NodeJS.WritableStream): Terminal {
  if (!input.isTTY) throw new HsmError('HSM_SETTINGS_INVALID', 'a ceremony needs a terminal to type at');
  input.setRawMode(true);
  const keys = new KeyReader(input);
  return {
    say: (line) => output.write(`${line}\r\n`),
    async ask(prompt) {
      output.write(prompt);
      const typed: number[] = [];
      for (;;) {
        const key = await keys.next();
        if (ENTER.has(key)) break;
        if (BACKSPACE.has(key)) {
          if (typed.pop() !== undefined) output.write('\b \b');
        } else if (key >= 0x20 && typed.length < LONGEST_LINE) {
          typed.push(key);
          output.write(Buffer.from([key]));
        }
      }
      output.write('\r\n');
      return Buffer.from(typed).toString('utf8').trim();
    },
    async askHidden(prompt, target) {
      output.write(prompt);
      const complete = await readHidden(keys, target);
      output.write('\r\n');
      return complete;
    },
    close() {
      input.setRawMode(false);
      keys.close();
      input.pause();
    },
  };
}

/** Digits go straight into the buffer, half a byte at a time: they are never a string. */
async function readHidden(keys: KeyReader, target: Buffer): Promise<boolean> {
  let digits = 0;
  let wellFormed = true;
  for (;;) {
    const key = await keys.next();
    if (ENTER.has(key)) return wellFormed && digits === target.length * 2;
    if (key === 0x20) continue;
    if (BACKSPACE.has(key)) {
      digits = Math.max(0, digits - 1);
      continue;
    }
    const value = hexValue(key);
    if (value === undefined) wellFormed = false;
    else if (digits < target.length * 2) {
      const index = digits >> 1;
      const byte = target[index] ?? 0;
      target[index] = digits % 2 === 0 ? (value << 4) | (byte & 0x0f) : (byte & 0xf0) | value;
    }
    digits += 1;
  }
}

function hexValue(key: number): number | undefined {
  if (key >= 0x30 && key <= 0x39) return key - 0x30;
  const letter = key | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined;
}

/** Single keys from a terminal in raw mode. What the stream handed over is wiped once it is taken. */
class KeyReader {
  readonly #input: ReadStream;
  readonly #pending: number[] = [];
  #waiting: { resolve: (key: number) => void; reject: (error: HsmError) => void } | undefined;
  #ended = false;

  constructor(input: ReadStream) {
    this.#input = input;
    input.on('data', this.#take);
    input.on('end', this.#end);
    input.resume();
  }

  async next(): Promise<number> {
    const key = this.#pending.shift() ?? (await this.#wait());
    if (key === CTRL_C || key === CTRL_D) throw new HsmError('HSM_CEREMONY_ABORTED', 'by a custodian');
    return key;
  }

  close(): void {
    this.#input.off('data', this.#take);
    this.#input.off('end', this.#end);
    this.#pending.fill(0);
  }

  #wait(): Promise<number> {
    if (this.#ended) return Promise.resolve(CTRL_D);
    return new Promise((resolve, reject) => {
      const idle = systemClock.after(IDLE_LIMIT_MS, () =>
        this.#settle()?.reject(new HsmError('HSM_CEREMONY_ABORTED', 'nobody typed for five minutes')),
      );
      this.#waiting = {
        resolve: (key) => {
          idle.cancel();
          resolve(key);
        },
        reject,
      };
    });
  }

  #settle() {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }

  #take = (chunk: Buffer) => {
    for (const key of chunk) this.#pending.push(key);
    chunk.fill(0);
    if (this.#waiting && this.#pending.length > 0) this.#settle()?.resolve(this.#pending.shift() ?? CTRL_D);
  };

  #end = () => {
    this.#ended = true;
    this.#settle()?.resolve(CTRL_D);
  };
}
