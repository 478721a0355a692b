import type { KeyRecords } from '../../switch/keys/key-records.ts';
import type { Database } from './database.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimProcess } from './sim-process.ts';

const STATEMENT_MS = 1_000;
/** Of the words that tell a process of a change: so many are lost. */
const LOST = 0.2;

/** As one life of a node reaches it. @param recorded called once a change is committed, before its node hears so */
export function keyRecordsOf(
  database: Database,
  process: SimProcess,
  random: SeededRandom,
  recorded: () => void,
): KeyRecords {
  const { keys } = database.tables;
  const ask = async <T>(how: 'read' | 'write', work: () => T): Promise<T> => {
    const connection = database.connect(process, STATEMENT_MS);
    try {
      return await connection[how]('keys', work);
    } finally {
      connection.close();
    }
  };
  return {
    of: (owner) => ask('read', () => keys.of(owner)),
    changedSince: (position) =>
      ask('read', () => {
        const owners = [...new Set(keys.steps.slice(position).map(({ owner }) => owner))];
        return { owners, position: keys.steps.length };
      }),
    record: (owner, steps) =>
      ask('write', () => {
        const isRecorded = keys.record(owner, steps);
        if (isRecorded) recorded();
        return isRecorded;
      }),
    onChange(changed) {
      const tell = () => {
        if (!random.chance(LOST)) process.deliver(random.between(0.5, 20), changed);
      };
      keys.listeners.add(tell);
      process.onDeath(() => keys.listeners.delete(tell));
    },
  };
}
