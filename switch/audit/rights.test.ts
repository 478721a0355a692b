import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { switchConnection } from '../database/connection.ts';
import { database, useFreshDatabase } from '../journal/testing.ts';

useFreshDatabase();

describe('rights', () => {
  async function refused(role: string, sql: string): Promise<void> {
    const client = new Client(switchConnection(database.url, 'test', 5_000, role));
    await client.connect();
    await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    await client.end();
  }

  test('nobody who works for the switch changes what is written', async () => {
    const changes = [
      'update switch.journal set body = body',
      'delete from switch.journal',
      'truncate switch.journal',
      'update switch.claim set fingerprint = fingerprint',
      'delete from switch.claim',
      'truncate switch.claim',
      "update switch.lease set node = 'b'",
      'update switch.lease set chain = null',
      'update switch.lease set opened_at = now()',
      'delete from switch.lease',
      'alter table switch.journal disable trigger all',
    ];
    for (const role of ['etika_switch', 'etika_projector', 'etika_reconciler', 'etika_auditor']) {
      for (const sql of changes) await refused(role, sql);
    }
  });

  test('an auditor writes nothing, and sees nothing beside', async () => {
    await refused(
      'etika_auditor',
      "insert into switch.claim values (gen_random_uuid(), gen_random_uuid(), 0, '')",
    );
    await refused('etika_auditor', 'select from switch.alert');
    await refused('etika_auditor', 'select from switch.claim_secret');
  });
});
