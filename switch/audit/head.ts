import { createHash, type KeyObject, verify } from 'node:crypto';

const FORMAT = 'etika-journal-head/1';
const MAX_LINE = 2_048;

/**
 * `running`: there may be more. `closed`: the node ended in order, its chain is over. `recovered`: the epoch ended some
 * other way; its end is signed as it was found in the database.
 */
export type HeadState = 'running' | 'closed' | 'recovered';

/** How far the chain of an epoch went at some time, said by a node and signed by its HSM. */
export interface Head {
  /** Of the node that says so, and its own epoch. */
  readonly node: string;
  readonly life: number;
  /** 1, 2, 3 … of what the node said in this life. */
  readonly number: number;
  /** The chain it speaks of. */
  readonly epoch: number;
  readonly state: HeadState;
  /** The last entry under it; 0 where there is none yet. */
  readonly sequence: number;
  readonly link: string;
  /** ISO 8601, by the clock of the node. */
  readonly at: string;
  /** SHA-256 in hex of the line that the node published before; null where it knows of none. */
  readonly previous: string | null;
  /** SHA-256 in hex of the public key (SubjectPublicKeyInfo). */
  readonly key: string;
}

/** What is signed: the line that is published, but for its signature. The first member keeps it apart from all else. */
export function textToSign(head: Head): string {
  const { node, life, number, epoch, state, sequence, link, at, previous, key } = head;
  return JSON.stringify({
    format: FORMAT,
    node,
    life,
    number,
    epoch,
    state,
    sequence,
    link,
    at,
    previous,
    key,
  });
}

/** One line of JSON. @param signature ECDSA over the SHA-256 of the text: r and s, 64 bytes */
export function lineOfHead(text: string, signature: Uint8Array): string {
  return `${text.slice(0, -1)},"signature":"${Buffer.from(signature).toString('base64')}"}`;
}

export function hashOfLine(line: string): string {
  return createHash('sha256').update(line).digest('hex');
}

export interface SignedHead {
  readonly head: Head;
  readonly line: string;
  readonly text: string;
  readonly signature: Buffer;
}

/** Undefined where a line is no head in exactly the form in which one is written. */
export function parseHead(line: string): SignedHead | undefined {
  if (line.length > MAX_LINE) return undefined;
  try {
    const {
      format: _,
      signature: encoded,
      ...head
    } = JSON.parse(line) as Head & {
      format: string;
      signature: string;
    };
    const text = textToSign(head);
    const signature = Buffer.from(encoded, 'base64');
    const isExact = isHead(head) && lineOfHead(text, signature) === line;
    return isExact ? { head, line, text, signature } : undefined;
  } catch {
    return undefined;
  }
}

/** @param keys public keys by their fingerprints */
export function isSigned(
  { head, text, signature }: SignedHead,
  keys: ReadonlyMap<string, KeyObject>,
): boolean {
  const key = keys.get(head.key);
  if (!key) return false;
  return verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, signature);
}

const HASH = /^[0-9a-f]{64}$/;

function isHead({ node, state, at, link, previous, key, ...numbers }: Head): boolean {
  const { life, number, epoch, sequence } = numbers;
  return (
    /^[A-Za-z0-9._-]{1,64}$/.test(node) &&
    ['running', 'closed', 'recovered'].includes(state) &&
    Number.isFinite(Date.parse(at)) &&
    [link, key, previous ?? link].every((hash) => HASH.test(hash)) &&
    [life, number, epoch, sequence].every((each) => Number.isSafeInteger(each) && each >= 0)
  );
}
