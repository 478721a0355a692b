import { EpochCheck } from './epoch-check.ts';
import type { Evidence } from './evidence.ts';
import type { AuditReport, Break, EpochReport, Outcome } from './findings.ts';
import type { HeadSeries } from './head-series.ts';

export interface VerifyOrder {
  readonly heads: HeadSeries;
  /** Entries older than this must be under a head: microseconds since the Unix epoch. */
  readonly unsignedBefore: number;
  /** Told as it goes. */
  readonly onProgress?: (soFar: { epoch: number; entries: number }) => void;
}

const TELL_EVERY = 1_000;

/** Recomputes every chain from what stands in the journal and compares it with what was signed. */
export async function verifyAudit(
  evidence: AsyncIterable<Evidence> | Iterable<Evidence>,
  order: VerifyOrder,
): Promise<AuditReport> {
  const audit = new Audit(order);
  for await (const each of evidence) audit.take(each);
  return audit.finish();
}

export class Audit {
  readonly #order: VerifyOrder;
  readonly #epochs: EpochReport[] = [];
  readonly #breaks: Break[];
  #check: EpochCheck | undefined;
  #epoch = 0;
  #entries = 0;

  constructor(order: VerifyOrder) {
    this.#order = order;
    this.#breaks = [...order.heads.breaks];
  }

  /** In the order in which evidence comes. */
  take(evidence: Evidence): void {
    const { heads, onProgress } = this.#order;
    if ('epoch' in evidence) {
      this.#finishEpoch();
      this.#epoch = evidence.epoch.epoch;
      this.#check = new EpochCheck(evidence.epoch, heads.byEpoch.get(this.#epoch) ?? []);
    } else if ('entry' in evidence) {
      this.#check?.entry(evidence.entry);
      this.#entries += 1;
      if (this.#entries % TELL_EVERY === 0) onProgress?.({ epoch: this.#epoch, entries: this.#entries });
    } else if (evidence.of === null) {
      this.#breaks.push({ code: 'AUDIT_STRAY_CLAIM', detail: evidence.stray.key });
    } else this.#check?.stray(evidence.stray.sequence, evidence.stray.key);
  }

  finish(): AuditReport {
    this.#finishEpoch();
    const { byEpoch, doubts } = this.#order.heads;
    const known = new Set(this.#epochs.map(({ epoch }) => epoch));
    for (const missing of byEpoch.keys()) {
      if (!known.has(missing)) this.#breaks.push({ code: 'AUDIT_EPOCH_MISSING', detail: `epoch ${missing}` });
    }
    const report = { entries: this.#entries, epochs: this.#epochs, breaks: this.#breaks, doubts };
    return { outcome: outcomeOf(report), ...report };
  }

  #finishEpoch(): void {
    const mustBeChained = this.#epochs.some(({ state }) => state !== 'not chained');
    const report = this.#check?.finish(this.#order.unsignedBefore, mustBeChained);
    if (report) this.#epochs.push(report);
    this.#check = undefined;
  }
}

function outcomeOf({ epochs, breaks, doubts }: Omit<AuditReport, 'outcome'>): Outcome {
  if ([{ breaks }, ...epochs].some((part) => part.breaks.length > 0)) return 'broken';
  return [{ doubts }, ...epochs].some((part) => part.doubts.length > 0) ? 'unproven' : 'verified';
}
