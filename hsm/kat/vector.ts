import { HsmError } from '../errors.ts';

/** One known answer: a line of a vectors file. */
export interface Vector {
  id: string;
  op: string;
  inputs: Inputs;
  expected: Readonly<Record<string, unknown>>;
}

/** The inputs of a vector, checked as they are asked for. Keys, blocks and data are hex; digits are strings. */
export class Inputs {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null;
  }

  text(name: string): string {
    const value = this.#values[name];
    if (typeof value !== 'string') throw new VectorError(`${name} must be a string`);
    return value;
  }

  textOr(name: string, otherwise: string): string {
    return this.has(name) ? this.text(name) : otherwise;
  }

  hex(name: string): Buffer {
    const digits = this.text(name);
    if (digits.length % 2 !== 0 || !/^[0-9A-Fa-f]*$/.test(digits)) {
      throw new VectorError(`${name} must be hex`);
    }
    return Buffer.from(digits, 'hex');
  }

  hexOr(name: string, otherwise: Buffer): Buffer {
    return this.has(name) ? this.hex(name) : otherwise;
  }

  number(name: string): number {
    const value = this.#values[name];
    if (typeof value === 'number' && Number.isInteger(value)) return value;
    if (typeof value === 'string' && /^[0-9]+$/.test(value)) return Number(value);
    throw new VectorError(`${name} must be a whole number`);
  }

  numberOr(name: string, otherwise: number): number {
    return this.has(name) ? this.number(name) : otherwise;
  }

  /** Decimal digits, one per byte. @throws HSM_REQUEST_INVALID, which is a refusal of the value, not of the file */
  digits(name: string): Buffer {
    const text = this.text(name);
    if (!/^[0-9]*$/.test(text)) throw new HsmError('HSM_REQUEST_INVALID', `${name} has other than digits`);
    return Buffer.from([...text].map(Number));
  }

  /** ASCII, as PANs travel. */
  ascii(name: string): Buffer {
    return Buffer.from(this.text(name), 'latin1');
  }
}

/** The vector cannot be run: it lacks an input or asks for something unheard of. */
export class VectorError extends Error {
  override readonly name = 'VectorError';
}

const LONGEST_LINE = 200_000;

/** One vector per line; empty lines are skipped. @throws VectorError naming the line */
export function parseVectors(text: string): Vector[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    if (line.length > LONGEST_LINE) throw new VectorError(`line ${index + 1} is too long`);
    return [parseLine(line, index + 1)];
  });
}

function parseLine(line: string, number: number): Vector {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    throw new VectorError(`line ${number} is not JSON`);
  }
  const { id, op, inputs, expected } = row as Record<string, unknown>;
  if (typeof id !== 'string' || typeof op !== 'string' || !isRecord(inputs) || !isRecord(expected)) {
    throw new VectorError(`line ${number} needs id, op, inputs and expected`);
  }
  return { id, op, inputs: new Inputs(inputs), expected };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
