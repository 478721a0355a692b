/** A row of a corpus of cases, one JSON object a line. */
export interface Row {
  readonly id: string;
  readonly kind: 'good' | 'bad' | 'tlv' | 'tlv-bad' | 'frame';
  readonly group: string;
  readonly dialect?: string;
  readonly hex: string;
  readonly mti?: string;
  readonly bitmap?: string;
  readonly header?: string;
  readonly isoHeaderLength?: number;
  readonly fields?: { readonly [key: string]: Json };
  readonly spec?: { readonly [key: string]: JsonObject };
  readonly expect?: 'error' | 'peers-differ' | 'all-accept';
  readonly verified?: { readonly repackIdentical?: boolean };
  readonly tags?: readonly (readonly [string, string])[];
  readonly payloadHex?: string;
}

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** @throws {SyntaxError} naming the line that is no JSON */
export function readRows(text: string): Row[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => {
      try {
        return JSON.parse(line) as Row;
      } catch (error) {
        throw new SyntaxError(`line ${number}: ${error instanceof Error ? error.message : error}`);
      }
    });
}

export function text(object: JsonObject | undefined, key: string): string {
  const value = object?.[key];
  return value === undefined || value === null ? '' : String(value);
}

export function count(object: JsonObject | undefined, key: string): number {
  const value = object?.[key];
  return typeof value === 'number' ? value : Number(value ?? 0);
}

export function child(object: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = object?.[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}
