import { setTimeout as pause } from 'node:timers/promises';
import { type Address, type Clock, type Sockets, systemClock, tcpSockets } from '../../runtime/index.ts';
import type { Exchange } from './exchange.ts';
import { terminalLink } from './link.ts';
import type { PurchaseOrder } from './messages.ts';
import { profiles, type TerminalDialect } from './profiles.ts';
import type { TerminalRecords } from './records.ts';
import { createTerminal, type Terminal } from './terminal.ts';

const TICK_MS = 2;
const PROGRESS_MS = 1_000;
const DEFAULT_MAX_IN_FLIGHT = 10_000;

export interface LoadPlan {
  dialect: TerminalDialect;
  address: Address;
  /** Purchases a second, begun at their time whether or not the ones before are answered. */
  rate: number;
  seconds: number;
  connections: number;
  /** Each terminal keeps to one connection. */
  terminals: readonly string[];
  order: PurchaseOrder;
  records: TerminalRecords;
  /** Where the terminals' downloaded keys are; default: with the records. */
  keyFolder?: string;
  merchant?: string;
  timeoutMs?: number;
  /** Beyond it purchases are skipped and counted. Default 10,000. */
  maxInFlight?: number;
  sockets?: Sockets;
  clock?: Clock;
  /** Called about once a second. */
  onProgress?(progress: LoadProgress): void;
}

export interface LoadProgress {
  seconds: number;
  sent: number;
  answered: number;
  approved: number;
}

export interface LoadResult extends LoadProgress {
  unanswered: number;
  /** Not sent, because too many were in flight. */
  skipped: number;
  /** Answers nobody waited for. */
  unexpected: number;
  /** Answers a second, from the first purchase to the last answer. */
  throughput: number;
  /** From the moment a purchase was due to its answer, so a stalled switch cannot hide behind a stalled sender. */
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Why the first that was not answered was not, with host and port. */
  why?: string;
  /** How often each DE39, or the error code of what was not answered. */
  codes: Record<string, number>;
}

/** Sends purchases at a steady rate (open loop) and measures the answers. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const { clock = systemClock, maxInFlight = DEFAULT_MAX_IN_FLIGHT } = plan;
  const { links, terminals } = connectAll(plan);
  const total = Math.round(plan.rate * plan.seconds);
  const latencies = new Float64Array(total);
  const counts = { sent: 0, answered: 0, approved: 0, unanswered: 0, skipped: 0 };
  const codes: Record<string, number> = {};
  const began = clock.monotonic();
  let why: string | undefined;
  let inFlight = 0;
  let lastAnswer = began;
  let progressAt = PROGRESS_MS;

  const count = (exchange: Exchange, dueMs: number) => {
    const code = exchange.code ?? exchange.reason ?? 'no DE39';
    codes[code] = (codes[code] ?? 0) + 1;
    inFlight -= 1;
    if (exchange.outcome === 'unanswered') {
      counts.unanswered += 1;
      why ??= exchange.why;
      return;
    }
    lastAnswer = clock.monotonic();
    latencies[counts.answered] = lastAnswer - began - dueMs;
    counts.answered += 1;
    if (exchange.approved) counts.approved += 1;
  };

  for (let begun = 0; begun < total || inFlight > 0; await pause(TICK_MS)) {
    const elapsedMs = clock.monotonic() - began;
    const due = Math.min(total, Math.floor((elapsedMs * plan.rate) / 1_000) + 1);
    for (; begun < due; begun += 1) {
      const terminal = terminals[begun % terminals.length];
      if (inFlight >= maxInFlight || !terminal) {
        counts.skipped += 1;
        continue;
      }
      const dueMs = (begun * 1_000) / plan.rate;
      inFlight += 1;
      counts.sent += 1;
      terminal.purchase(plan.order).then((exchange) => count(exchange, dueMs));
    }
    if (elapsedMs >= progressAt) {
      progressAt += PROGRESS_MS;
      plan.onProgress?.({ ...counts, seconds: elapsedMs / 1_000 });
    }
  }

  const seconds = (lastAnswer - began) / 1_000;
  const unexpected = links.reduce((sum, link) => sum + link.unexpected, 0);
  for (const closable of [...terminals, ...links]) closable.close();
  const throughput = seconds === 0 ? 0 : counts.answered / seconds;
  return {
    ...counts,
    ...percentiles(latencies.subarray(0, counts.answered)),
    seconds,
    throughput,
    unexpected,
    codes,
    ...(why !== undefined && { why }),
  };
}

function connectAll(plan: LoadPlan) {
  const { address, clock = systemClock, dialect, sockets = tcpSockets } = plan;
  const links = Array.from({ length: plan.connections }, () =>
    terminalLink({ profile: profiles[dialect], address, sockets, clock }),
  );
  const terminals: Terminal[] = plan.terminals.flatMap((terminal, index) => {
    const link = links[index % links.length];
    return link ? [createTerminal({ ...plan, terminal, link })] : [];
  });
  return { links, terminals };
}

function percentiles(latencies: Float64Array) {
  latencies.sort();
  const at = (share: number) => latencies[Math.max(0, Math.ceil(latencies.length * share) - 1)] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
