import { hash, randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Pan } from '../../messages/index.ts';
import { silentLog, systemRandom } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import type { SealingHsm } from '../sealing/sealing-key.ts';
import { vaultCommand } from './cli.ts';
import { PostgresVaultKeys } from './postgres-vault-keys.ts';
import { PostgresVaultRows } from './postgres-vault-rows.ts';
import { keyIdOf, SealedText } from './sealed-text.ts';
import { VaultKeeper } from './vault-keeper.ts';

// Keys of the vault change while texts lie under them, on a real database.

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** As the HSM is one: what it makes of a number it makes again of its ciphertext, and of no other. */
const hsm: SealingHsm = {
  protectPan: async (pan) => {
    const ciphertext = Buffer.from(pan.reveal());
    return { ciphertext, lookup: hash('sha256', ciphertext, 'buffer') };
  },
  revealPan: async (ciphertext) => Pan.of(ciphertext.toString()),
};

let database: TestDatabase;
let client: Client;
let rows: PostgresVaultRows;
let closing: (() => Promise<unknown> | unknown)[] = [];

beforeEach(async () => {
  database = await freshDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  rows = new PostgresVaultRows(database.url, silentLog);
});
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
  await rows.close();
  await client.end();
  await database.drop();
});

/** One node, as far as its vault goes. */
function node(clock = new VirtualClock(), keyDays = 90) {
  const records = new PostgresVaultKeys(database.url, silentLog);
  const sealed = new SealedText({ records, hsm, clock, random: systemRandom, log: silentLog });
  const keeper = new VaultKeeper({ rows, sealed, hsm, clock, random: systemRandom, log: silentLog, keyDays });
  closing.push(
    () => keeper.close(),
    () => records.close(),
  );
  /** Time passes until something is so. */
  const until = (is: () => Promise<boolean>, stepMs = MINUTE_MS) =>
    waitUntil(async () => {
      await clock.advance(stepMs);
      return is();
    });
  return { clock, sealed, until };
}

async function keep(sealed: SealedText, clear: string): Promise<string> {
  const session = randomUUID();
  await client.query(
    `insert into switch.payment_session
       (session, merchant, name, content, amount, currency, details, state, created_at, expires_at)
     values ($1, 'MERCHANT0000001', $2, 'content', 1, '978', $3, 'open', now(), now())`,
    [session, session.slice(0, 22), await sealed.seal(session, clear)],
  );
  return session;
}

async function kept(session: string): Promise<string> {
  const text = 'select details from switch.payment_session where session = $1';
  return (await client.query<{ details: string }>(text, [session])).rows[0]?.details ?? '';
}

const keyOf = async (session: string) => keyIdOf(await kept(session));
const ids = async () => (await rows.keys()).map(({ id }) => id);

describe('a key of the vault', () => {
  test('is changed when it is asked for: all that lay under it lies under the next, and it is deleted', async () => {
    const { sealed, until } = node();
    const sessions: string[] = [];
    for (let each = 0; each < 3; each += 1) sessions.push(await keep(sealed, `consumer-${each}`));
    expect(await rows.askForAnother()).toBe(1);
    await until(async () => (await keyOf(sessions[2] ?? '')) === 2, 1_000);
    for (const [each, session] of sessions.entries()) {
      expect(await sealed.open(session, await kept(session))).toBe(`consumer-${each}`);
    }
    expect(await ids()).toEqual([1, 2]);
    expect(keyIdOf(await kept(await keep(sealed, 'later')))).toBe(2);

    await until(async () => (await ids()).length === 1);
    expect(await ids()).toEqual([2]);
  });

  test('is changed by its age, and not before', async () => {
    const { clock, sealed, until } = node(new VirtualClock(), 30);
    const session = await keep(sealed, 'consumer-7');
    await client.query('update switch.vault_key set created_at = $1', [new Date(clock.wall()).toISOString()]);
    await clock.advance(29 * DAY_MS);
    expect(await ids()).toEqual([1]);
    await until(async () => (await keyOf(session)) === 2, DAY_MS / 4);
  });

  test('under which something was altered stays, and all else is sealed anew', async () => {
    const { sealed, until } = node();
    const [altered, whole] = [await keep(sealed, 'consumer-7'), await keep(sealed, 'consumer-8')];
    const text = `${(await kept(altered)).slice(0, -4)}AAAA`;
    await client.query('update switch.payment_session set details = $2 where session = $1', [altered, text]);
    await rows.askForAnother();
    await until(async () => (await keyOf(whole)) === 2);
    const asked = vi.spyOn(rows, 'drop');
    let looks = 0;
    await until(async () => {
      looks += 1;
      return looks > 90;
    });
    expect(asked).not.toHaveBeenCalled();
    expect([await kept(altered), await ids()]).toEqual([text, [1, 2]]);
  });

  test('is changed once, though two nodes are asked; each seals under the next', async () => {
    const [one, other] = [node(), node()];
    const session = await keep(one.sealed, 'consumer-7');
    expect(await other.sealed.open(session, await kept(session))).toBe('consumer-7');
    await rows.askForAnother();
    await waitUntil(async () => {
      await Promise.all([one.clock.advance(MINUTE_MS), other.clock.advance(MINUTE_MS)]);
      return (await keyOf(session)) === 2;
    });
    expect(await ids()).toEqual([1, 2]);
    expect(keyIdOf(await other.sealed.seal('a', 'b'))).toBe(2);
    expect(await other.sealed.open(session, await kept(session))).toBe('consumer-7');
  });

  test('takes no text back that was changed since it was read', async () => {
    const { sealed } = node();
    const session = await keep(sealed, 'consumer-7');
    await rows.reseal({ place: session, text: 'v1.1.another' }, 'v1.2.anew');
    expect(await keyOf(session)).toBe(1);
  });
});

test('vault status and rotate: nothing to change, then the keys and what lies under each', async () => {
  const said: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
  vi.stubEnv('DATABASE_URL', database.url);
  vi.stubEnv('LOG_LEVEL', 'silent');
  const run = (...args: string[]) => vaultCommand().parseAsync(args, { from: 'user' });
  try {
    await run('rotate', '--by', 'sam');
    const { sealed, until } = node();
    await keep(sealed, 'consumer-7');
    await run('rotate', '--by', 'sam', '--json');
    await until(async () => (await ids()).length === 2);
    await until(async () => (await rows.counts()).get(2) === 1);
    await run('status');
    await run('status', '--json');
  } finally {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  }
  expect(said[0]).toMatch(/no key yet/);
  expect(JSON.parse(said[1] ?? '')).toEqual({ key: 1 });
  expect(said[2]).toMatch(
    /^key 1 {2}retired, since .* until .*: 0 texts\nkey 2 {2}active, since .*: 1 texts$/,
  );
  expect(JSON.parse(said[3] ?? '').keys).toMatchObject([
    { key: 1, active: false },
    { key: 2, texts: 1 },
  ]);
});
