import { connect, type Socket } from 'node:net';

const END_OF_HEAD = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: (\d+)/i;
const STATUS_AT = 'HTTP/1.1 '.length;
const STATUS_DIGITS = 3;
const NO_ANSWER = 0;

/**
 * One connection of an application: a request, its answer, the next. It is opened with its first request, and again
 * where the gateway closed it meanwhile, as it does with one that is idle. It reads of HTTP what the gateway sends, a
 * head with a length and so many bytes; a client of Node's own would cost several times what is measured.
 */
export class ApplicationSocket {
  readonly #address: { readonly host: string; readonly port: number };
  readonly #onAnswer: (status: number, body: string) => void;
  #socket: Socket | undefined;
  #isWaiting = false;
  #read = '';

  constructor(
    address: { readonly host: string; readonly port: number },
    onAnswer: (status: number, body: string) => void,
  ) {
    this.#address = address;
    this.#onAnswer = onAnswer;
  }

  send(request: Buffer): void {
    this.#socket ??= this.#opened();
    this.#isWaiting = true;
    this.#socket.write(request);
  }

  close(): void {
    this.#isWaiting = false;
    this.#socket?.destroy();
  }

  #opened(): Socket {
    const socket = connect(this.#address);
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('end', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#socket = undefined;
      this.#read = '';
      if (this.#isWaiting) this.#answer(NO_ANSWER, '');
    });
    return socket;
  }

  #take(text: string): void {
    this.#read += text;
    const end = this.#read.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const length = Number(LENGTH.exec(this.#read.slice(0, end))?.[1] ?? 0);
    const whole = end + END_OF_HEAD.length + length;
    if (this.#read.length < whole) return;

    const status = Number(this.#read.slice(STATUS_AT, STATUS_AT + STATUS_DIGITS));
    const body = this.#read.slice(end + END_OF_HEAD.length, whole);
    this.#read = '';
    this.#answer(status, body);
  }

  #answer(status: number, body: string): void {
    this.#isWaiting = false;
    this.#onAnswer(status, body);
  }
}
