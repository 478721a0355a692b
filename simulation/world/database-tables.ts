import { isHeldUpBy } from '../../switch/follow-up/queue-order.ts';
import { type ClaimName, hashOfName, type NamedClaim } from '../../switch/journal/claim-names.ts';
import type { AppendResult, FollowUp, JournalEntry, NewEntry, Take } from '../../switch/journal/journal.ts';
import type { Attached, Flushed } from '../../switch/journal/writer.ts';
import { afterTaking, NOTHING_USED, type Used } from '../../switch/stand-in/rules.ts';
import { POP_LANE } from '../../switch/transaction/decision-entry.ts';
import type { OpeningBody } from '../../switch/transaction/entries.ts';
import { AwaitedTable } from './awaited-table.ts';
import { KeyTable } from './key-table.ts';
import { ModeChanges } from './mode-changes.ts';
import type { SimProcess } from './sim-process.ts';
import { readEntry, type StoredEntry } from './stored-entry.ts';

export type { StoredEntry } from './stored-entry.ts';

export interface Lease {
  readonly epoch: number;
  readonly node: string;
  readonly leaseMs: number;
  expiresAt: number;
  /** Since when it was renewed without a gap. */
  steadySince: number;
  writer: number;
  isEnded: boolean;
  /** In virtual time, for stories. */
  endedAt?: number;
  isSettled: boolean;
  isSealed: boolean;
  lowWater: number;
}

export interface Claim {
  readonly transaction: string;
  readonly fingerprint: string;
  /** Of the entry that claimed it. */
  readonly epoch: number;
  readonly sequence: number;
}

export interface Job {
  readonly position: number;
  readonly task: string;
  readonly transaction: string;
  readonly lane: string;
  /** Others of its transaction and lane may have to end first. */
  readonly isBehind: boolean;
  attempt: number;
  runAt: number;
  starts: number;
  /** How often in a row its task threw. */
  throws: number;
  heldBy: SimProcess | undefined;
}

export interface Parked {
  readonly job: Job;
  readonly reason: string;
}

export interface Append {
  readonly sequence: number;
  readonly at: number;
  readonly entry: NewEntry;
  readonly body: string;
  readonly claims: readonly NamedClaim[];
}

const FRESH = { isEnded: false, isSettled: false, isSealed: false, lowWater: 0 };

/** Raised where the lease of the calling node is over, or a newer connection of it writes. */
export class Fenced extends Error {}
/** Raised where it has run out, and nobody has ended it. */
export class Expired extends Error {}

/** A flush is one statement: none of its rows may have to know how another of them fared. */
function assertIndependent(batch: readonly Append[]): void {
  const seen = new Set<string>();
  for (const { entry, claims } of batch) {
    const names = new Set([`${entry.transaction} ${entry.version}`, ...claims.map(({ name }) => name)]);
    for (const name of names) {
      if (seen.has(name)) throw new Error(`${name} is in one flush twice`);
      seen.add(name);
    }
  }
}

/**
 * The tables of the switch's database, and its stored functions in their own words. Everything here is committed:
 * each method is one transaction.
 */
export class Tables {
  readonly leases: Lease[] = [];
  readonly journal = new Map<string, StoredEntry[]>();
  /** By day and key, as their partitions have them; and the days of each key, in which it was claimed. */
  readonly claims = new Map<ClaimName, Claim>();
  readonly #namesOfKey = new Map<string, ClaimName[]>();
  /** Of the chain before a flush, by epoch and sequence of its first entry. */
  readonly links = new Map<string, string>();
  /** What was taken of each allowance. */
  readonly allowances = new Map<string, Used>();
  readonly jobs = new Map<number, Job>();
  readonly parked: Parked[] = [];
  readonly modes = new ModeChanges();
  readonly awaited = new AwaitedTable();
  readonly keys = new KeyTable();
  /** Only a mutant turns these off. */
  checksLeases = true;
  keepsOrder = true;
  keepsBodies = true;
  /** Of the newest entry: its kind. */
  newest: string | undefined;
  #position = 0;
  readonly #numbers = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Follow-ups so far. */
  get enqueued(): number {
    return this.#position;
  }

  /** The first of so many numbers towards a network. */
  reserveNumbers(network: string, count: number): number {
    const first = this.#numbers.get(network) ?? 1;
    this.#numbers.set(network, first + count);
    return first;
  }

  /** Which transactions a network knows by this reference. */
  ofNetwork(network: string, rrn: string): string[] {
    return [...this.journal.keys()].filter((transaction) => {
      const opening = this.history(transaction)[0]?.body as Partial<OpeningBody> | undefined;
      return opening?.network === network && opening.facts?.networkRrn === rrn;
    });
  }

  openLease(node: string, leaseMs: number): number {
    for (const lease of this.leases) if (lease.node === node) this.#end(lease);
    const epoch = this.leases.length + 1;
    const now = this.#now();
    const term = { leaseMs, expiresAt: now + leaseMs, steadySince: now };
    this.leases.push({ epoch, node, ...term, writer: 0, ...FRESH });
    return epoch;
  }

  attachWriter(
    epoch: number,
    unsettled: readonly number[],
  ): { writer: number | undefined } & Omit<Attached, 'isFenced'> {
    const lease = this.#lease(epoch);
    const isOurs = !lease.isEnded || !this.checksLeases;
    if (isOurs) lease.writer += 1;
    this.#extend(lease);
    const found = new Set<number>();
    for (const entries of this.journal.values()) {
      for (const entry of entries) {
        if (entry.epoch === epoch && unsettled.includes(entry.sequence)) found.add(entry.sequence);
      }
    }
    const claims = [...this.claims].filter(([, claim]) => claim.epoch === epoch && found.has(claim.sequence));
    const claimed = new Set(claims.map(([name]) => name));
    return { writer: isOurs ? lease.writer : undefined, found, claimed };
  }

  renewLease(epoch: number, lowWater: number): boolean {
    const lease = this.#lease(epoch);
    if (lease.isEnded) return !this.checksLeases;
    this.#extend(lease);
    lease.lowWater = lowWater;
    return true;
  }

  /** A gap between two renewals is what an outage of the database looks like. */
  #extend(lease: Lease): void {
    if (lease.isEnded) return;
    const now = this.#now();
    if (lease.expiresAt < now + lease.leaseMs / 4) lease.steadySince = now;
    lease.expiresAt = now + lease.leaseMs;
  }

  endLease(epoch: number): void {
    this.#end(this.#lease(epoch));
  }

  #end(lease: Lease): void {
    lease.isEnded = true;
    lease.endedAt ??= this.#now();
  }

  /** @throws Fenced, Expired */
  append(epoch: number, writer: number, batch: readonly Append[], link: string): Flushed {
    const lease = this.#lease(epoch);
    if (this.checksLeases && (lease.isEnded || lease.writer !== writer)) throw new Fenced();
    const leftMs = lease.expiresAt - this.#now();
    if (this.checksLeases && leftMs <= 0) throw new Expired();
    if (leftMs < lease.leaseMs / 2) this.#extend(lease);
    assertIndependent(batch);
    const refused = new Map<number, AppendResult>();
    const owned = new Set<string>();
    for (const append of batch) {
      const taken = this.#taken(append);
      const isFirst = append.sequence === batch[refused.size]?.sequence; // of those that are appended
      const exhausted = append.entry.takes?.find((take) => !this.#afterTaking(take));
      if (taken) refused.set(append.sequence, taken);
      else if (exhausted) refused.set(append.sequence, { status: 'exhausted', key: exhausted.key });
      else if (this.#store(append, lease)) {
        if (isFirst) this.links.set(`${epoch} ${append.sequence}`, link);
        for (const name of this.#claim(append, epoch)) owned.add(name);
        this.#enqueue(append.entry.followUps ?? []);
        for (const take of append.entry.takes ?? []) {
          this.allowances.set(take.key, this.#afterTaking(take) ?? NOTHING_USED);
        }
      } else refused.set(append.sequence, { status: 'superseded' });
    }
    return { refused, owned };
  }

  #taken({ claims }: Append): AppendResult | undefined {
    for (const { key, name, role } of claims) {
      const owner = role === 'unique' ? this.claims.get(name) : undefined;
      if (owner) {
        const { transaction, fingerprint } = owner;
        return { status: 'claimed', key, transaction, fingerprint };
      }
    }
    return undefined;
  }

  #afterTaking({ key, minorUnits, limit }: Take): Used | undefined {
    return afterTaking(this.allowances.get(key) ?? NOTHING_USED, limit, minorUnits);
  }

  /** Tells which claims had an owner. */
  #claim({ entry: { transaction }, claims, sequence }: Append, epoch: number): ClaimName[] {
    const owned: ClaimName[] = [];
    for (const { name, fingerprint } of claims) {
      if (this.claims.has(name)) owned.push(name);
      else {
        this.claims.set(name, { transaction, fingerprint, epoch, sequence });
        const names = this.#namesOfKey.get(hashOfName(name)) ?? [];
        this.#namesOfKey.set(hashOfName(name), [...names, name]);
      }
    }
    return owned;
  }

  /** @param name of the day that the key carries; where it has none, the newest day counts */
  ownerOf(key: string, name: ClaimName | undefined): Claim | undefined {
    const newest = name ?? this.#namesOfKey.get(key)?.toSorted().at(-1);
    return newest === undefined ? undefined : this.claims.get(newest);
  }

  history(transaction: string): JournalEntry[] {
    const entries = this.journal.get(transaction) ?? [];
    return entries.map(readEntry).sort((a, b) => a.version - b.version);
  }

  /** Intentions of leases that are over, which this call also ends where they expired. */
  undecided(epoch: number, limit: number): string[] {
    const now = this.#now();
    const own = this.#lease(epoch);
    const isFresh = !own.isEnded && own.expiresAt > now + own.leaseMs / 4;
    const steadyMs = isFresh ? now - own.steadySince : 0;
    for (const lease of this.leases) {
      const hasExpired = !lease.isEnded && lease.epoch !== epoch && lease.expiresAt < now;
      if (hasExpired && lease.leaseMs <= steadyMs) this.#end(lease);
    }
    const found: string[] = [];
    for (const lease of this.leases) {
      if (!lease.isEnded || lease.isSettled || found.length >= limit) continue;
      const open = this.#openIntentions(lease).slice(0, limit - found.length);
      if (open.length === 0) lease.isSettled = true;
      found.push(...open);
    }
    return found;
  }

  #openIntentions({ epoch, lowWater }: Lease): string[] {
    const open: StoredEntry[] = [];
    for (const [first, second] of this.journal.values()) {
      if (!first || second || first.version !== 1 || first.kind !== 'intended') continue;
      if (first.epoch === epoch && first.sequence >= lowWater) open.push(first);
    }
    return open.sort((a, b) => a.sequence - b.sequence).map(({ transaction }) => transaction);
  }

  #lease(epoch: number): Lease {
    const lease = this.leases[epoch - 1];
    if (!lease) throw new Error(`there is no lease ${epoch}`);
    return lease;
  }

  #store(append: Append, lease: Lease): boolean {
    const { sequence, at, entry } = append;
    const { transaction, version, kind } = entry;
    let entries = this.journal.get(transaction);
    if (!entries) {
      entries = [];
      this.journal.set(transaction, entries);
    }
    if (entries.some((known) => known.version === version)) return false;
    const { node, epoch } = lease;
    const body = this.keepsBodies ? append.body : `${append.body} `;
    const committedAt = this.#now();
    entries.push({ transaction, version, kind, body, at, node, epoch, sequence, committedAt });
    this.newest = kind;
    this.awaited.unprojected.add(transaction);
    return true;
  }

  #enqueue(followUps: readonly FollowUp[]): void {
    for (const { task, transaction, lane, runAfterMs = 0, attempt = 1 } of followUps) {
      const same = (job: Job) => job.transaction === transaction && job.lane === lane;
      const isBehind = [...this.jobs.values()].some(same) || this.parked.some(({ job }) => same(job));
      const position = ++this.#position;
      const runAt = this.#now() + runAfterMs;
      const job = {
        position,
        task,
        transaction,
        lane,
        isBehind,
        attempt,
        runAt,
        starts: 0,
        throws: 0,
        heldBy: undefined,
      };
      this.jobs.set(position, job);
    }
  }

  /** @returns those that were not handed over before */
  handOverProofs(transactions: readonly string[]): string[] {
    const taken = this.awaited.takeFrom(transactions);
    if (this.awaited.keepsHandedOver) {
      this.#enqueue(taken.map((transaction) => ({ task: 'complete-pop', transaction, lane: POP_LANE })));
    }
    return taken;
  }

  /** The follow-up that must end before this one. */
  before(job: Job): { position: number; isParked: boolean; dueInMs: number } | undefined {
    if (!job.isBehind || !this.keepsOrder) return undefined;
    const isEarlier = (other: Job) =>
      other.transaction === job.transaction && other.lane === job.lane && other.position < job.position;
    const parked = this.parked.find((one) => isEarlier(one.job) && isHeldUpBy(job.task, one.job.task));
    if (parked) return { position: parked.job.position, isParked: true, dueInMs: 0 };
    const earlier = [...this.jobs.values()].find(isEarlier);
    if (!earlier) return undefined;
    return { position: earlier.position, isParked: false, dueInMs: Math.max(0, earlier.runAt - this.#now()) };
  }
}
