import type { FallbackSettings, Thresholds } from '../config/fallback.ts';
import type { WindowStatistics } from './sliding-window.ts';

/** What is known of a counterpart beyond its attempts. */
export interface Surroundings {
  /** Follow-ups overdue in its lane. */
  readonly queueDepth: number;
  /** How long its link has not been signed on, in milliseconds; 0 where it is, or has no link. */
  readonly linkDownMs: number;
}

/**
 * Why a counterpart is degraded by its trend, in words for people, or nothing where it is well. It is called so before
 * it is down: a network that loses one answer in ten and is slow with the rest does more harm than one that is off.
 */
export function degradation(
  statistics: WindowStatistics,
  { queueDepth, linkDownMs }: Surroundings,
  thresholds: Thresholds,
  settings: Pick<FallbackSettings, 'minSamples' | 'windowMs' | 'linkDownMs'>,
): string | undefined {
  if (linkDownMs >= settings.linkDownMs) return `its link is down for ${seconds(linkDownMs)} s`;
  if (queueDepth >= thresholds.queueDepth) return `${queueDepth} follow-ups are overdue in its lane`;
  const { samples, failures } = statistics;
  if (samples < settings.minSamples) return undefined;
  const rate = failures / samples;
  if (failures >= thresholds.minFailures && rate >= thresholds.failureRate) {
    const percent = Math.round(rate * 1_000) / 10;
    return `${failures} of ${samples} attempts (${percent} %) failed within ${seconds(settings.windowMs)} s`;
  }
  const latency = statistics.quantile(thresholds.latencyQuantile);
  if (latency < thresholds.latencyMs) return undefined;
  const share = Math.round(thresholds.latencyQuantile * 1_000) / 10;
  return `${share} % of ${samples} attempts took up to ${latency} ms within ${seconds(settings.windowMs)} s`;
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
