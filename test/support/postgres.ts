import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { DatabaseError } from 'pg';
import { inject } from 'vitest';
import { systemClock } from '../../runtime/index.ts';
import { administer, type TestServer, withDatabase } from './global-setup.ts';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A database of the caller's own on the server of this test run, migrated unless `migrated` is false. */
export async function freshDatabase({ migrated = true } = {}): Promise<TestDatabase> {
  const { adminUrl, template } = await testServer();
  const name = `etika_test_${randomBytes(6).toString('hex')}`;
  await administer(adminUrl, `create database ${name} template ${migrated ? template : 'template1'}`);
  return {
    url: withDatabase(adminUrl, name),
    drop: () => dropDatabase(adminUrl, name),
  };
}

const DROP_WITHIN_MS = 15_000;
const LOOK_AGAIN_MS = 100;
/** An autovacuum worker is at it, which only a superuser may end: it ends by itself. */
const INSUFFICIENT_PRIVILEGE = '42501';

async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  const deadline = systemClock.monotonic() + DROP_WITHIN_MS;
  for (;;) {
    try {
      return await administer(adminUrl, `drop database if exists ${name} with (force)`);
    } catch (error) {
      const isPassing = error instanceof DatabaseError && error.code === INSUFFICIENT_PRIVILEGE;
      if (!isPassing || systemClock.monotonic() >= deadline) throw error;
      await new Promise<void>((resolve) => systemClock.after(LOOK_AGAIN_MS, resolve));
    }
  }
}

async function testServer(): Promise<TestServer> {
  const answer: TestServer | { error: string } = JSON.parse(
    await text(connect({ host: '127.0.0.1', port: inject('postgresDesk') })),
  );
  if ('error' in answer) throw new Error(`the database server of this test run: ${answer.error}`);
  return answer;
}
