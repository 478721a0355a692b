import type { FallbackSettings, Thresholds } from '../config/fallback.ts';
import type { WindowStatistics } from './sliding-window.ts';

/** What is known of a counterpart beyond its attempts. */
export interface Surroundings {
  /** Follow-ups overdue in its lane. */
  readonly queueDepth: number;
  /** How long its link has not been signed on, in milliseconds; 0 where it is, or has no link. */
  readonly linkDownMs: number;
  /** How often its link has signed on so far. */
  readonly signOns: number;
}

/**
 * What a mode is open for: the link is down; nothing but that attempts go unanswered, which may turn out to be the
 * link's; anything else.
 */
export type Cause = 'link' | 'silence' | 'trend';

export interface Degradation {
  /** In words for people. */
  readonly why: string;
  readonly cause: Cause;
}

/**
 * Why a counterpart is degraded, or nothing where it is well. It is called so before it is down: a network that loses
 * one answer in ten and is slow with the rest does more harm than one that is off.
 */
export function degradation(
  statistics: WindowStatistics,
  { queueDepth, linkDownMs, isUnsteady }: Surroundings & { readonly isUnsteady: boolean },
  thresholds: Thresholds,
  settings: Pick<FallbackSettings, 'minSamples' | 'windowMs' | 'linkDownMs' | 'linkLosses'>,
): Degradation | undefined {
  if (linkDownMs >= settings.linkDownMs) {
    return { why: `its link is down for ${seconds(linkDownMs)} s`, cause: 'link' };
  }
  const within = `within ${seconds(settings.windowMs)} s`;
  if (isUnsteady) return { why: `its link was lost ${settings.linkLosses} times ${within}`, cause: 'trend' };
  if (queueDepth >= thresholds.queueDepth) {
    return { why: `${queueDepth} follow-ups are overdue in its lane`, cause: 'trend' };
  }
  const why = ofAttempts(statistics, thresholds, settings.minSamples);
  return why === undefined ? undefined : { why: `${why} ${within}`, cause: 'trend' };
}

function ofAttempts(
  { samples, failures, quantile }: WindowStatistics,
  thresholds: Thresholds,
  minSamples: number,
): string | undefined {
  if (samples < minSamples) return undefined;

  const rate = failures / samples;
  if (failures >= thresholds.minFailures && rate >= thresholds.failureRate) {
    return `${failures} of ${samples} attempts (${Math.round(rate * 1_000) / 10} %) failed`;
  }

  const latency = quantile(thresholds.latencyQuantile);
  if (latency < thresholds.latencyMs) return undefined;
  const share = Math.round(thresholds.latencyQuantile * 1_000) / 10;
  return `${share} % of ${samples} attempts took up to ${latency} ms`;
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
