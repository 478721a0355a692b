import { type Clock, LastingTrouble, type Log, type Monotonic, type Timer } from '../../runtime/index.ts';
import type { FallbackSettings, Thresholds } from '../config/fallback.ts';
import { CounterpartTrend } from './counterpart-trend.ts';
import type { DegradedMode, ModeChange, ModeRecords, RecordedChange } from './mode-records.ts';
import type { Attempt } from './sliding-window.ts';
import type { Cause, Surroundings } from './trend.ts';

export interface OpenMode extends ModeChange {
  /** Wall clock, milliseconds since the Unix epoch. */
  readonly since: number;
}

export interface ModePorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Under which its own changes are recorded. */
  readonly node: string;
  /** Absent: changes are logged, and operators cannot be heard. */
  readonly records: ModeRecords | undefined;
  /** What else is known of each mode's counterpart, asked at every judgement. */
  readonly surroundings: { refresh(): Promise<void>; of(mode: DegradedMode): Surroundings };
}

const BY_TREND = 'trend';
/** Changes that wait to be written down while the database is away; the oldest are kept. */
const MAX_UNWRITTEN = 1_000;

interface Watched {
  readonly mode: DegradedMode;
  readonly counterpart: CounterpartTrend;
  /** Opened by this node's own trend, or by its link. */
  trend: OpenMode | undefined;
  cause: Cause;
  /** Opened by an operator, for all nodes. */
  operator: OpenMode | undefined;
  /** The last change by an operator that was obeyed. */
  operatorPosition: number;
  goodInARow: number;
  nextProbeAt: Monotonic;
  /** Issuers that were silent at the last look, by the leading digits of their cards. */
  silent: ReadonlySet<string>;
}

/**
 * The degraded modes of this node. A trend opens one before its counterpart fails altogether, and probes close it; a
 * link that is down opens one that ends with the first payment after it is signed on again; an operator opens and
 * closes one at will. While one is open nothing waits for a counterpart that will not answer.
 */
export class DegradedModes {
  readonly #settings: FallbackSettings;
  readonly #ports: ModePorts;
  readonly #recordsAway: LastingTrouble;
  readonly #watched: ReadonlyMap<DegradedMode, Watched>;
  readonly #unwritten: { change: ModeChange; at: number }[] = [];
  #isFirstLook = true;
  #isExchanging = false;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(networks: Iterable<string>, settings: FallbackSettings, ports: ModePorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#recordsAway = new LastingTrouble('degraded-mode.records-away', ports);
    const watch = (mode: DegradedMode, thresholds: Thresholds): [DegradedMode, Watched] => {
      const counterpart = new CounterpartTrend(ports.clock, thresholds, settings);
      const closed = { trend: undefined, cause: 'trend', operator: undefined, operatorPosition: 0 } as const;
      return [mode, { mode, counterpart, ...closed, goodInARow: 0, nextProbeAt: 0, silent: new Set() }];
    };
    this.#watched = new Map([
      ...Array.from(networks, (name) => watch(`network-degraded:${name}`, settings.network)),
      watch('pop-degraded', settings.pop),
      watch('journal-degraded', settings.journal),
      watch('hsm-degraded', settings.hsm),
    ]);
    this.#schedule();
  }

  open(): OpenMode[] {
    return [...this.#watched.values()].flatMap(({ trend, operator }) => operator ?? trend ?? []);
  }

  /**
   * Whether an attempt may be made. What a trend opened lets a probe through now and then; what a link's outage opened
   * is over where the link is signed on; what an operator opened lets nothing through until an operator closes it.
   */
  admits(mode: DegradedMode): boolean {
    const watched = this.#watched.get(mode);
    if (watched?.operator) return false;
    if (watched?.trend) this.#see(watched);
    if (!watched?.trend) return true;
    const now = this.#ports.clock.monotonic();
    if (now < watched.nextProbeAt) return false;
    watched.nextProbeAt = now + this.#settings.probeEveryMs;
    return true;
  }

  /** An attempt has ended. While a mode is open, good ones in a row close it, and one bad one begins the row anew. */
  observe(mode: DegradedMode, attempt: Attempt): void {
    const watched = this.#watched.get(mode);
    if (!watched) return;
    this.#see(watched);
    watched.counterpart.add(attempt);
    if (!watched.trend) return;
    if (attempt.answered && watched.cause === 'silence') watched.cause = 'trend';
    const goodWithinMs = watched.counterpart.thresholds.latencyMs * this.#settings.goodLatencyShare;
    const isGood = attempt.answered && attempt.tookMs <= goodWithinMs;
    const saysNothing = !isGood && watched.counterpart.isOfSilentIssuer(attempt);
    if (!saysNothing) watched.goodInARow = isGood ? watched.goodInARow + 1 : 0;
    if (watched.goodInARow < this.#settings.closeAfterGood || this.#isHeldUp(watched)) return;
    this.#closeTrend(watched, BY_TREND, `${watched.goodInARow} good attempts in a row`);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer = this.#ports.clock.after(this.#settings.judgeEveryMs, () => {
      for (const watched of this.#watched.values()) this.#judge(watched);
      void this.#exchangeRecords();
      this.#schedule();
    });
  }

  #judge(watched: Watched): void {
    const surroundings = this.#see(watched);
    this.#tellOfIssuers(watched);
    if (watched.trend) return;
    const found = watched.counterpart.degradation(surroundings);
    if (!found) return;
    const { mode } = watched;
    watched.trend = this.#changed({ mode, isOpen: true, by: BY_TREND, why: found.why });
    watched.cause = found.cause;
    watched.goodInARow = 0;
    watched.nextProbeAt = this.#ports.clock.monotonic() + this.#settings.probeEveryMs;
  }

  /** Once for each that falls silent: its payments go unanswered while those of all others are. */
  #tellOfIssuers(watched: Watched): void {
    const silent = new Set(watched.counterpart.silentIssuers());
    for (const issuer of silent) {
      if (watched.silent.has(issuer)) continue;
      this.#ports.log.warn({ event: 'degraded-mode.issuer-silent', mode: watched.mode, issuer });
    }
    watched.silent = silent;
  }

  /**
   * Looks at the link. A mode that is open because nothing was answered is the link's where the link is lost before
   * anything is; and what is the link's ends with its outage, unless something else holds against the counterpart.
   */
  #see(watched: Watched): Surroundings {
    const { counterpart, mode } = watched;
    const surroundings = this.#ports.surroundings.of(mode);
    const wasLost = counterpart.seeLink(surroundings);
    if (wasLost && watched.cause === 'silence') watched.cause = 'link';
    if (!watched.trend || watched.cause !== 'link' || surroundings.linkDownMs > 0) return surroundings;

    const found = counterpart.degradation(surroundings);
    if (found) watched.cause = found.cause;
    else this.#closeTrend(watched, BY_TREND, 'its link is signed on again');
    return surroundings;
  }

  /** A queue or a link keeps a mode open, whatever single attempts say; the queue down to half of what opens it. */
  #isHeldUp({ mode, counterpart }: Watched): boolean {
    const { queueDepth, linkDownMs } = this.#ports.surroundings.of(mode);
    return linkDownMs > 0 || queueDepth * 2 > counterpart.thresholds.queueDepth;
  }

  #closeTrend(watched: Watched, by: string, why: string): void {
    watched.trend = undefined;
    watched.goodInARow = 0;
    watched.counterpart.clear();
    this.#changed({ mode: watched.mode, isOpen: false, by, why });
  }

  #changed(change: ModeChange): OpenMode {
    const at = this.#ports.clock.wall();
    this.#ports.log.warn({
      event: change.isOpen ? 'degraded-mode.opened' : 'degraded-mode.closed',
      ...change,
    });
    if (this.#unwritten.length < MAX_UNWRITTEN) this.#unwritten.push({ change, at });
    return { ...change, since: at };
  }

  async #exchangeRecords(): Promise<void> {
    const { records, surroundings } = this.#ports;
    if (!records) this.#unwritten.length = 0;
    if (!records || this.#isExchanging) return;
    this.#isExchanging = true;
    try {
      await surroundings.refresh();
      for (let first = this.#unwritten[0]; first; first = this.#unwritten[0]) {
        await records.record(first.change, first.at, this.#ports.node);
        this.#unwritten.shift();
      }
      for (const change of await records.latest()) await this.#read(change, records);
      this.#isFirstLook = false;
      this.#recordsAway.over();
    } catch (error) {
      this.#recordsAway.failed(error, { unwritten: this.#unwritten.length });
    } finally {
      this.#isExchanging = false;
    }
  }

  async #read(change: RecordedChange, records: ModeRecords): Promise<void> {
    const { clock, node } = this.#ports;
    const watched = this.#watched.get(change.mode);
    if (!watched) return;
    if (change.node === undefined) this.#obey(change, watched);
    else if (this.#isFirstLook && change.node === node && change.isOpen && !watched.trend) {
      const over = { mode: change.mode, isOpen: false, by: BY_TREND, why: 'the node was started again' };
      await records.record(over, clock.wall(), node);
    }
  }

  #obey({ position, mode, isOpen, by, why, at }: RecordedChange, watched: Watched): void {
    if (position === watched.operatorPosition) return;
    watched.operatorPosition = position;
    watched.operator = isOpen ? { mode, isOpen, by, why, since: at } : undefined;
    if (!this.#isFirstLook || isOpen) {
      this.#ports.log.warn({ event: 'degraded-mode.operator', mode, isOpen, by, why });
    }
    if (!isOpen && watched.trend && !this.#isFirstLook) this.#closeTrend(watched, by, why);
  }
}
