import { EpochCheck } from './epoch-check.ts';
import type { Evidence } from './evidence.ts';
import type { AuditReport, Break, EpochReport, Outcome } from './findings.ts';
import type { HeadSeries } from './head-series.ts';

export interface VerifyOrder {
  readonly evidence: AsyncIterable<Evidence> | Iterable<Evidence>;
  readonly heads: HeadSeries;
  /** Entries older than this must be under a head: microseconds since the Unix epoch. */
  readonly unsignedBefore: number;
  /** Told as it goes. */
  readonly onProgress?: (soFar: { epoch: number; entries: number }) => void;
}

const TELL_EVERY = 1_000;

/** Recomputes every chain from what stands in the journal and compares it with what was signed. */
export async function verifyAudit({ evidence, heads, ...order }: VerifyOrder): Promise<AuditReport> {
  const epochs: EpochReport[] = [];
  const breaks: Break[] = [...heads.breaks];
  let check: EpochCheck | undefined;
  let isChained = false;
  let entries = 0;
  let epoch = 0;
  const finish = () => {
    if (!check) return;
    const report = check.finish(order.unsignedBefore, isChained);
    isChained ||= report.state !== 'not chained';
    epochs.push(report);
    check = undefined;
  };
  for await (const each of evidence) {
    if ('epoch' in each) {
      finish();
      epoch = each.epoch.epoch;
      check = new EpochCheck(each.epoch, heads.byEpoch.get(epoch) ?? []);
    } else if ('entry' in each) {
      check?.entry(each.entry);
      entries += 1;
      if (entries % TELL_EVERY === 0) order.onProgress?.({ epoch, entries });
    } else if (each.of === null) breaks.push({ code: 'AUDIT_STRAY_CLAIM', detail: each.stray.key });
    else check?.stray(each.stray.sequence, each.stray.key);
  }
  finish();
  const known = new Set(epochs.map((report) => report.epoch));
  for (const missing of heads.byEpoch.keys()) {
    if (!known.has(missing)) breaks.push({ code: 'AUDIT_EPOCH_MISSING', detail: `epoch ${missing}` });
  }
  const report = { entries, epochs, breaks, doubts: heads.doubts };
  return { outcome: outcomeOf(report), ...report };
}

function outcomeOf({ epochs, breaks, doubts }: Omit<AuditReport, 'outcome'>): Outcome {
  if ([{ breaks }, ...epochs].some((part) => part.breaks.length > 0)) return 'broken';
  return [{ doubts }, ...epochs].some((part) => part.doubts.length > 0) ? 'unproven' : 'verified';
}
