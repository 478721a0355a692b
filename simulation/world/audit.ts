import { type EndedEpochs, endOfFlush } from '../../switch/audit/ended-epochs.ts';
import type { StoredEntry } from '../../switch/audit/entry-row.ts';
import type { HeadBook } from '../../switch/audit/head-book.ts';
import { type ChainedClaim, firstLink } from '../../switch/journal/chain.ts';
import type { Database } from './database.ts';
import type { Tables } from './database-tables.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimProcess } from './sim-process.ts';

const STATEMENT_MS = 2_000;

/** Where nodes publish their heads: disks of their own, which survive the node and can fail. */
export class HeadDisks {
  readonly lines = new Map<string, string[]>();

  bookOf(process: SimProcess, random: SeededRandom): HeadBook {
    const lines = this.lines.get(process.name) ?? [];
    this.lines.set(process.name, lines);
    return {
      last: async () => lines.at(-1),
      keepKey: async () => {},
      append: (line) =>
        new Promise((resolve, reject) => {
          const fails = random.chance(0.02);
          const isWritten = !fails || random.chance(0.5); // an error of fsync leaves the line where it is
          process.world.scheduler.after(random.between(0.1, 5), 'head', () => {
            if (isWritten) lines.push(line);
            process.deliver(0.1, fails ? () => reject(new Error('EIO')) : resolve);
          });
        }),
    };
  }
}

export function endedEpochsOf(database: Database, process: SimProcess): EndedEpochs {
  const ask = async <T>(how: 'read' | 'write', label: string, work: () => T): Promise<T> => {
    const connection = database.connect(process, STATEMENT_MS);
    try {
      return await connection[how](label, work);
    } finally {
      connection.close();
    }
  };
  const { tables } = database;
  const unsealed = () => {
    const ended = tables.leases.filter(({ isEnded, isSealed }) => isEnded && !isSealed);
    return ended.map(({ epoch, node }) => {
      const entries = entriesOf(tables, epoch);
      const begin = entries.findLastIndex(({ link }) => link !== null);
      const before = entries[begin]?.link ?? firstLink(epoch, node);
      return { epoch, end: endOfFlush(before, entries.slice(begin)) };
    });
  };
  return {
    unsealed: () => ask('read', 'unsealed', unsealed),
    sealed: (epoch) =>
      ask('write', 'sealed', () => {
        for (const lease of tables.leases) if (lease.epoch === epoch) lease.isSealed = true;
      }),
    close: async () => {},
  };
}

/** The entries of an epoch as the database gives them, by their sequences. */
export function entriesOf(tables: Tables, epoch: number): StoredEntry[] {
  const claims = claimsOf(tables, epoch);
  const entries = [...tables.journal.values()].flatMap((stored) =>
    stored.filter((entry) => entry.epoch === epoch),
  );
  return entries
    .sort((a, b) => a.sequence - b.sequence)
    .map(({ transaction, version, kind, body, at, sequence }) => ({
      transaction,
      version,
      kind,
      body,
      sequence,
      atMicros: at * 1_000,
      link: tables.links.get(`${epoch} ${sequence}`) ?? null,
      claims: claims.get(sequence) ?? [],
    }));
}

/** By the sequence of the entry that made them. */
function claimsOf(tables: Tables, epoch: number): Map<number, ChainedClaim[]> {
  const claims = new Map<number, ChainedClaim[]>();
  for (const [key, claim] of tables.claims) {
    if (claim.epoch !== epoch) continue;
    const own = claims.get(claim.sequence) ?? [];
    own.push([key, claim.fingerprint, claim.transaction]);
    claims.set(claim.sequence, own);
  }
  return claims;
}
