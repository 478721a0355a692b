import type { Clock, Monotonic } from '../../runtime/index.ts';
import { bodyOf } from '../../switch/journal/body-form.ts';
import { checkEntry } from '../../switch/journal/entry.ts';
import {
  type AppendResult,
  type FollowUp,
  type Journal,
  type JournalEntry,
  JournalError,
  type NewEntry,
  type Take,
} from '../../switch/journal/journal.ts';
import { afterTaking, NOTHING_USED, type Used } from '../../switch/stand-in/rules.ts';

/** What the model does with the next append: as asked, lost before it was sent, or lost after it was stored. */
export type Mood = 'well' | 'away' | 'unknown-stored' | 'unknown-lost';

/** A journal in memory with the contract of the real one, for tests that need its failures at will. */
export class MemoryJournal implements Journal {
  readonly entries: JournalEntry[] = [];
  readonly followUps: FollowUp[] = [];
  readonly #claims = new Map<string, { transaction: string; fingerprint: string }>();
  readonly #taken = new Map<string, Used>();
  readonly #clock: Clock;
  moods: Mood[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async append(entry: NewEntry, deadline?: Monotonic): Promise<AppendResult> {
    if (deadline !== undefined && deadline <= this.#clock.monotonic()) {
      throw new JournalError('SW_JOURNAL_UNAVAILABLE', 'no');
    }
    const mood = this.moods.shift() ?? 'well';
    if (mood === 'away') throw new JournalError('SW_JOURNAL_UNAVAILABLE', 'no');
    if (mood === 'unknown-lost') throw new JournalError('SW_JOURNAL_UNAVAILABLE', 'unknown');
    const result = this.#store(entry);
    if (mood === 'unknown-stored') throw new JournalError('SW_JOURNAL_UNAVAILABLE', 'unknown');
    return result;
  }

  async history(transaction: string): Promise<JournalEntry[]> {
    return this.entries.filter((entry) => entry.transaction === transaction);
  }

  async transactionOf(key: string) {
    return this.#claims.get(key) ?? this.#claims.get(this.#newestDayOf(key) ?? '');
  }

  /** Of a key that is claimed with a day, the one of the newest. */
  #newestDayOf(key: string): string | undefined {
    const days = [...this.#claims.keys()].filter(
      (claimed) => claimed.startsWith(`${key}|`) && /^\d{8}$/.test(claimed.slice(key.length + 1)),
    );
    return days.sort().at(-1);
  }

  async undecided(): Promise<string[]> {
    const latest = new Map<string, number>();
    for (const { transaction, version } of this.entries) latest.set(transaction, version);
    return [...latest].filter(([, version]) => version === 1).map(([transaction]) => transaction);
  }

  kinds(transaction: string): string[] {
    return this.entries.filter((entry) => entry.transaction === transaction).map(({ kind }) => kind);
  }

  #store(entry: NewEntry): AppendResult {
    const { transaction, version, kind, claims = [], followUps, takes = [] } = entry;
    const stored: unknown = bodyOf(entry.kind, JSON.parse(checkEntry(entry)), entry.transaction);
    for (const { key, role } of claims) {
      const owner = role === 'unique' && this.#claims.get(key);
      if (owner) return { status: 'claimed', key, ...owner };
    }
    if (this.entries.some((known) => known.transaction === transaction && known.version === version)) {
      return { status: 'superseded' };
    }
    const exhausted = takes.find((take) => !this.#after(take));
    if (exhausted) return { status: 'exhausted', key: exhausted.key };
    for (const take of takes) this.#taken.set(take.key, this.#after(take) ?? NOTHING_USED);
    for (const { key, fingerprint } of claims) {
      if (!this.#claims.has(key)) this.#claims.set(key, { transaction, fingerprint });
    }
    this.entries.push({
      transaction,
      version,
      kind,
      body: stored,
      at: this.#clock.wall(),
      node: 'model',
      epoch: 1,
    });
    this.followUps.push(...(followUps ?? []));
    return { status: 'appended' };
  }

  #after({ key, minorUnits, limit }: Take): Used | undefined {
    return afterTaking(this.#taken.get(key) ?? NOTHING_USED, limit, minorUnits);
  }
}
