import { HsmError } from '../errors.ts';
import { PADDING_ID } from '../keyblock/header.ts';
import { isUnsupported, TokenError, type TokenSession } from '../token/pkcs11.ts';
import type { TokenProfile } from '../token/profile.ts';
import { type Place, Scratch } from '../token/secrets.ts';
import { cardFamily } from './families/card.ts';
import { dukptFamily } from './families/dukpt.ts';
import { keyBlockFamily } from './families/keyblock.ts';
import { macFamily } from './families/mac.ts';
import { pinFamily } from './families/pin.ts';
import { type Answer, type Family, Laboratory } from './family.ts';
import { isRecord, type Vector, VectorError } from './vector.ts';

const RUNNERS: Family = { ...dukptFamily, ...pinFamily, ...macFamily, ...cardFamily, ...keyBlockFamily };

export type Outcome = 'passed' | 'failed' | 'unsupported';

export interface OperationResult {
  op: string;
  passed: number;
  failed: number;
  /** What this token cannot do, or no operation of that name: never counted as passed. */
  unsupported: number;
  /** Where secret values were: only in the token, or also in host memory. */
  strategy: Place | 'none';
  failures: { id: string; reason: string }[];
}

/** Runs every vector through the token; the results by operation, in the order of the file. */
export function runVectors(
  session: TokenSession,
  profile: TokenProfile,
  vectors: readonly Vector[],
): OperationResult[] {
  const results = new Map<string, OperationResult>();
  for (const vector of vectors) {
    const result = results.get(vector.op) ?? emptyResult(vector.op);
    results.set(vector.op, result);
    const { outcome, reason, place } = runVector(session, profile, vector);
    result[outcome] += 1;
    if (place === 'host' || result.strategy === 'none') result.strategy = place ?? result.strategy;
    if (outcome !== 'passed') result.failures.push({ id: vector.id, reason });
  }
  return [...results.values()];
}

function emptyResult(op: string): OperationResult {
  return { op, passed: 0, failed: 0, unsupported: 0, strategy: 'none', failures: [] };
}

interface VectorResult {
  outcome: Outcome;
  reason: string;
  place: Place | undefined;
}

function runVector(session: TokenSession, profile: TokenProfile, vector: Vector): VectorResult {
  const runner = RUNNERS[vector.op];
  if (!runner) return { outcome: 'unsupported', reason: 'no such operation', place: undefined };
  let place: Place | undefined;
  const refusalExpected = vector.expected['error'] === true;
  try {
    const answer = Scratch.use(
      session,
      profile,
      (scratch) => {
        try {
          return runner(new Laboratory(scratch), vector.inputs);
        } finally {
          place = scratch.place;
        }
      },
      true,
    );
    if (refusalExpected) return { outcome: 'failed', reason: 'it was not refused', place };
    const difference = differenceOf(vector.expected, answer);
    return { outcome: difference === undefined ? 'passed' : 'failed', reason: difference ?? '', place };
  } catch (error) {
    return { ...outcomeOf(error, refusalExpected), place };
  }
}

function outcomeOf(error: unknown, refusalExpected: boolean): { outcome: Outcome; reason: string } {
  const reason = error instanceof Error ? error.message : String(error);
  // First: a token that cannot do a thing has not refused it.
  if (isUnsupported(error)) return { outcome: 'unsupported', reason };
  const refused = error instanceof HsmError || error instanceof TokenError || error instanceof VectorError;
  return refusalExpected && refused ? { outcome: 'passed', reason: '' } : { outcome: 'failed', reason };
}

/** What a vector says beside the answer itself. */
const REMARKS = new Set(['rest', 'reason', 'error']);

/** The first name under which the answer is not what was expected; nothing where all is. */
function differenceOf(expected: Answer, answer: Answer): string | undefined {
  return Object.entries(expected).find(
    ([name, value]) => !REMARKS.has(name) && !agrees(name, value, answer[name]),
  )?.[0];
}

/** Prefixes and leading bytes bind as far as they go; so do KCVs, whose length is a matter of habit. */
function agrees(name: string, expected: unknown, actual: unknown): boolean {
  if (typeof expected === 'string' && typeof actual === 'string') {
    const leading = name.includes('prefix') || name.startsWith('kcv');
    return leading
      ? expected !== '' && actual.startsWith(expected.toUpperCase())
      : actual.toUpperCase() === expected.toUpperCase();
  }
  if (!isRecord(expected) || !isRecord(actual)) return expected === actual;
  // Optional blocks: some list the one that only pads, which we do not keep.
  const names = Object.keys(expected).filter((key) => key !== PADDING_ID);
  return (
    names.length === Object.keys(actual).length &&
    names.every((key) => agrees(key, expected[key], actual[key]))
  );
}
