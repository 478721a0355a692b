import type { PaymentHsmClient } from '../../hsm/index.ts';
import type { Log } from '../../runtime/index.ts';
import type { Settings } from '../../switch/config/settings.ts';
import { KeyBook, type KeyCustodian } from '../../switch/keys/key-book.ts';
import { type NetworkZoneKeys, openZoneKeys } from '../../switch/keys/zone-keys.ts';
import type { Database } from '../world/database.ts';
import { keyRecordsOf } from '../world/key-records.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { SimProcess } from '../world/sim-process.ts';

export interface NodeKeys {
  readonly book: KeyBook;
  readonly custodian: KeyCustodian;
  readonly zoneKeys: ReadonlyMap<string, NetworkZoneKeys>;
  close(): void;
}

export interface NodeKeyParts {
  readonly settings: Settings;
  readonly database: Database;
  readonly life: SimProcess;
  readonly random: SeededRandom;
  readonly hsm: PaymentHsmClient;
  readonly log: Log;
  /** Called once a change is committed, before its node hears so. */
  readonly recorded: () => void;
}

/** The keys that change in service, as one life of a node has them; of a run in which none do there are none. */
export async function openNodeKeys({
  settings: { keyLife: life, networks },
  database,
  life: process,
  random,
  hsm: custodian,
  log,
  recorded,
}: NodeKeyParts): Promise<NodeKeys | undefined> {
  if (!life) return undefined;
  const { clock } = process;
  const records = keyRecordsOf(database, process, random, recorded);
  const book = new KeyBook({ records, custodian, clock, log });
  const zoneKeys = await openZoneKeys(networks, { book, custodian, life, clock, log });
  return {
    book,
    custodian,
    zoneKeys,
    close() {
      book.close();
      for (const each of zoneKeys.values()) each.close();
    },
  };
}
