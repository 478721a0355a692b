import { HsmError } from '../errors.ts';

/**
 * What a key pair signs for a caller. The audit key says how far a journal went, and nothing else: whoever could have
 * it sign any text could have it sign a key log, or a head in words of another format that somebody believes one day.
 *
 * So the text must be a head of a journal as docs/audit.md has it: its members, each once, in their order, written as
 * JSON writes them, and made for this very key.
 */
const FORMAT = 'etika-journal-head/1';
const MEMBERS = 'format node life number epoch state sequence link at previous key';
const LONGEST = 2_048;

/** @param fingerprint of the key's public half. @throws HSM_REQUEST_INVALID */
export function checkStatement(key: string, data: Uint8Array, fingerprint: string): void {
  const said = statementIn(Buffer.from(data));
  if (said && said['format'] === FORMAT && said['key'] === fingerprint) return;
  throw new HsmError('HSM_REQUEST_INVALID', `${key} signs heads of a journal, and nothing else`);
}

function statementIn(data: Buffer): Readonly<Record<string, unknown>> | undefined {
  if (data.length > LONGEST) return undefined;
  const text = data.toString('utf8');
  try {
    const said = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    const isExact = said !== null && Object.keys(said).join(' ') === MEMBERS && JSON.stringify(said) === text;
    return isExact ? said : undefined;
  } catch {
    return undefined;
  }
}
