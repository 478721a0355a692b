import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';
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
    drop: () => administer(adminUrl, `drop database if exists ${name} with (force)`),
  };
}

async function testServer(): Promise<TestServer> {
  const answer: TestServer | { error: string } = JSON.parse(
    await text(connect({ host: '127.0.0.1', port: inject('postgresDesk') })),
  );
  if ('error' in answer) throw new Error(`the database server of this test run: ${answer.error}`);
  return answer;
}
