import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PKCS11 } from 'pkcs11js';
import { describe, expect, it } from 'vitest';
import { findSoftokn, prepareEmptyToken, type SoftwareToken } from '../development/software-token.ts';
import { initialiseToken } from '../token/initialise.ts';
import { TokenSession } from '../token/pkcs11.ts';
import { probeToken } from '../token/probe.ts';
import { selfTest } from './self-test.ts';
import { readTokenAccess } from './settings.ts';

const TOKENS: SoftwareToken[] = findSoftokn() === undefined ? ['softhsm'] : ['softhsm', 'nss'];
if (TOKENS.length === 1) console.warn('skipped: NSS softokn (libnss3) is not installed');

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'hsm.md'), 'utf8');

/** A column of the table under this heading of docs/hsm.md: names and what the page says of this token. */
function documented(firstColumn: string, token: SoftwareToken): Record<string, string> {
  const table = PAGE.split('\n\n').find((part) => part.startsWith(`| ${firstColumn} `)) ?? '';
  const column = token === 'softhsm' ? 2 : 3;
  const rows = table.split('\n').slice(2);
  return Object.fromEntries(
    rows
      .map((row) => row.split('|').map((cell) => cell.trim()))
      .map((cells) => [cells[1], cells[column] ?? '']),
  );
}

function onToken<T>(
  kind: SoftwareToken,
  work: (session: TokenSession) => T,
  instrument?: (module: PKCS11) => PKCS11,
): T {
  const directory = mkdtempSync(join(tmpdir(), 'etika-self-test-'));
  try {
    const env = prepareEmptyToken(kind, directory);
    if (env['SOFTHSM2_CONF'] !== undefined) process.env['SOFTHSM2_CONF'] = env['SOFTHSM2_CONF'];
    const { token, userPin } = readTokenAccess(env);
    initialiseToken(token, userPin);
    const session = TokenSession.open(token, userPin, instrument);
    try {
      return work(session);
    } finally {
      session.close();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe.each(TOKENS)('on %s', (kind) => {
  it('every operation gives its known answer, the way docs/hsm.md says', () => {
    const { profile, strategies } = onToken(kind, (session) => {
      const seen = probeToken(session);
      return { profile: seen, strategies: selfTest(session, seen) };
    });
    expect(Object.keys(strategies).length).toBeGreaterThan(25);
    expect(documented('operation', kind)).toEqual(strategies);
    const can = Object.entries(profile).map(([name, value]) => [name, value ? 'yes' : 'no']);
    expect(documented('capability', kind)).toEqual(Object.fromEntries(can));
  });
});

it('a token that computes wrongly after its probe is not served with', () => {
  let wrong = false;
  const instrument = (module: PKCS11) =>
    new Proxy(module, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          const result: unknown = member.apply(target, args);
          if (wrong && name === 'C_Sign' && Buffer.isBuffer(result)) result[0] = (result[0] ?? 0) ^ 1;
          return result;
        };
      },
    });
  const run = (session: TokenSession) => {
    const profile = probeToken(session);
    wrong = true;
    selfTest(session, profile);
  };
  expect(() => onToken('softhsm', run, instrument)).toThrow(
    'self-test: CMAC, triple DES gives a wrong answer',
  );
});
