/**
 * Judges a payment before its legs are opened, from memory alone: no look-up, no wait, some microseconds. What is
 * remembered comes from the journal's entries, those of this node as they are appended and those of the others as they
 * are read (follow-journal.ts). So nodes agree within a second, and none of them asks another. To ask the database, or
 * a service, was rejected: it is a hop on the way of every payment, and whatever is away there would decline or let
 * through. Judging changes nothing: only what is durable counts, and a repeat counts once.
 */
import { hash } from 'node:crypto';
import type { Clock, Log } from '../../runtime/index.ts';
import type { FraudRule, FraudSettings } from '../config/fraud.ts';
import type { Settings } from '../config/settings.ts';
import type { DecidedBody, OpeningBody } from '../transaction/entries.ts';
import type { FoundRule, FraudDeed, Suspicion } from '../transaction/suspicion.ts';
import { type Look, type LookParts, lookOf } from './checks.ts';
import { eventsOf } from './events.ts';
import { type FraudFacts, factsOf, type Presented } from './facts.ts';
import { FraudMemory } from './memory.ts';
import { RecentValues } from './recent-keys.ts';
import { rulesOf } from './rules.ts';
import { scopeOf } from './scope.ts';

export interface FraudParts {
  readonly settings: FraudSettings;
  readonly networks: Settings['networks'];
  /** The region of a merchant, where it is known. */
  readonly placeOf: (merchant: string) => string | undefined;
  readonly clock: Pick<Clock, 'wall'>;
  /** Absent: nobody is told. */
  readonly log?: Log;
}

/** An entry as far as rules look at it. */
export interface NotedEntry {
  readonly transaction: string;
  readonly kind: string;
  readonly body: unknown;
}

/** What a node's status says of its rules. */
export interface FraudStatus {
  readonly mode: FraudSettings['mode'];
  readonly rules: string;
  readonly judged: number;
  /** How often each rule fired since the node started. */
  readonly fired: Readonly<Record<string, number>>;
  readonly did: Readonly<Record<FraudDeed, number>>;
  /** What the counters hold, and how many keys gave way for want of room. */
  readonly memory: ReturnType<FraudMemory['status']>;
}

interface CompiledRule {
  readonly rule: FraudRule;
  readonly fits: (facts: FraudFacts) => boolean;
  readonly looks: readonly Look[];
}

interface Pending {
  readonly facts: FraudFacts;
  isAsked: boolean;
  isDecided: boolean;
}

/** Payments between their judgement and their end; the oldest gives way. */
const MAX_PENDING = 50_000;
/** Of each counter: some 200 bytes each, where the room is used. */
const DEFAULT_KEYS = 50_000;
/** Rules that are written down with one payment. */
const MOST_FOUND = 16;
const RULES_DIGITS = 8;
const WORST: Readonly<Record<FraudDeed, number>> = { monitor: 0, flag: 1, review: 2, block: 3 };

export class FraudWatch {
  readonly #parts: FraudParts;
  readonly #memory: FraudMemory;
  readonly #rules: readonly CompiledRule[];
  readonly #version: string;
  readonly #pending = new RecentValues<Pending>(MAX_PENDING);
  readonly #fired = new Map<string, number>();
  readonly #did: Record<FraudDeed, number> = { monitor: 0, flag: 0, review: 0, block: 0 };
  #judged = 0;

  constructor(parts: FraudParts) {
    const { settings, networks, placeOf } = parts;
    this.#parts = parts;
    this.#memory = new FraudMemory(settings.keysPerCounter ?? DEFAULT_KEYS, placeOf);

    const profiles = new Map(networks.map(({ name, profile }) => [name, profile]));
    const tokens = networks.flatMap(({ answers }) => answers?.tokens ?? []);
    const rules = rulesOf(settings);
    this.#rules = rules.map((rule) => {
      const fits = scopeOf(rule.scope ?? {}, profiles);
      const scope = JSON.stringify(rule.scope ?? {});
      const lookParts: LookParts = { memory: this.#memory, fits, scope, tokens };
      return { rule, fits, looks: rule.checks.map((check) => lookOf(check, lookParts)) };
    });
    this.#version = hash('sha256', JSON.stringify(rules), 'hex').slice(0, RULES_DIGITS);
  }

  /** @returns what rules say of it; nothing where none fires */
  judge(opening: OpeningBody, presented?: Presented): Suspicion | undefined {
    const { transaction } = opening.facts;
    const facts = factsOf(opening, presented?.address);
    const at = this.#parts.clock.wall();
    this.#judged += 1;
    if (!this.#pending.get(transaction)) {
      this.#pending.set(transaction, { facts, isAsked: false, isDecided: false });
    }

    const found: FoundRule[] = [];
    let worst: FraudDeed = 'monitor';
    for (const compiled of this.#rules) {
      const seen = saw(compiled, facts, at, presented);
      if (!seen) continue;
      const { id, action, shadow } = compiled.rule;
      this.#fired.set(id, (this.#fired.get(id) ?? 0) + 1);
      if (!shadow && WORST[action] > WORST[worst]) worst = action;
      if (found.length < MOST_FOUND) found.push(shadow ? { id, seen } : { id, action, seen });
    }

    if (found.length === 0) return undefined;
    const did = this.#parts.settings.mode === 'enforce' ? worst : 'monitor';
    this.#did[did] += 1;
    if (did !== 'monitor') this.#tell(opening, did, found);
    return { did, found, rules: this.#version };
  }

  /** DE39 of what is blocked. */
  get refusalCode(): string {
    return this.#parts.settings.refusalCode ?? '59';
  }

  /**
   * Counts what became durable; an entry that comes twice counts once. It never throws: what is durable goes its way,
   * whatever becomes of a counter.
   * @param at wall clock of whoever wrote it
   */
  note(entry: NotedEntry, at: number): void {
    try {
      this.#note(entry, at);
    } catch (error) {
      const { transaction, kind } = entry;
      this.#parts.log?.error({ event: 'fraud.not-counted', transaction, kind, err: error });
    }
  }

  status(): FraudStatus {
    return {
      mode: this.#parts.settings.mode,
      rules: this.#version,
      judged: this.#judged,
      fired: Object.fromEntries(this.#fired),
      did: { ...this.#did },
      memory: this.#memory.status(),
    };
  }

  #note({ transaction, kind, body }: NotedEntry, at: number): void {
    if (kind === 'intended') this.#noteAsked(transaction, body as OpeningBody, at);
    else if (kind === 'decided') this.#noteDecided(transaction, body as DecidedBody, at);
    else if (kind === 'pop-failed') {
      const pending = this.#pending.get(transaction);
      if (pending?.isAsked) this.#memory.note('proof-failed', pending.facts, at);
    }
  }

  #tell(
    { facts: { transaction, merchant, terminal } }: OpeningBody,
    did: FraudDeed,
    found: FoundRule[],
  ): void {
    const rules = found.map(({ id }) => id);
    this.#parts.log?.warn({ event: 'fraud.found', transaction, merchant, terminal, did, rules });
  }

  #noteAsked(transaction: string, opening: OpeningBody, at: number): void {
    const known = this.#pending.get(transaction);
    if (known?.isAsked) return;
    const pending = known ?? { facts: factsOf(opening), isAsked: false, isDecided: false };
    pending.isAsked = true;
    if (!known) this.#pending.set(transaction, pending);
    this.#memory.note('asked', pending.facts, at);
  }

  #noteDecided(transaction: string, decided: DecidedBody, at: number): void {
    const pending = this.#pending.get(transaction);
    if (!pending?.isAsked || pending.isDecided) return;
    pending.isDecided = true;
    const { events, code } = eventsOf(decided);
    for (const event of events) this.#memory.note(event, pending.facts, at, code);
  }
}

/** What each check of a rule saw, where all of them saw too much. */
function saw(
  { fits, looks }: CompiledRule,
  facts: FraudFacts,
  at: number,
  presented: Presented | undefined,
): number[] | undefined {
  if (!fits(facts)) return undefined;
  const seen: number[] = [];
  for (const look of looks) {
    const each = look(facts, at, presented);
    if (each === undefined) return undefined;
    seen.push(each);
  }
  return seen;
}
