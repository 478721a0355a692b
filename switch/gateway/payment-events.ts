import type { Clock, Log, Timer } from '../../runtime/index.ts';
import type { ListedPayment, PaymentPages } from '../projection/application-payments.ts';
import type { Asking } from './core-call.ts';
import type { FoundPayment } from './found-payment.ts';
import { currentView, isFinal, listedView } from './payment-view.ts';
import { Problem } from './problems.ts';
import type { PaymentData } from './schemas.ts';

// A payment's status as it changes (server-sent events), for applications that wait for its proof with somebody in
// front of them. However many wait, one question every half second asks for all of them: a listener of the database
// for each, or a look at the journal for each, would make who looks on dear to who pays. A stream ends where nothing
// more can come, and whoever does not read his loses it.

const LOOK_EVERY_MS = 500;
const HEARTBEAT_MS = 15_000;
/** Whoever still waits asks again, and is looked at again. */
const LONGEST_MS = 300_000;
const MOST_OF_A_MERCHANT = 20;
const MOST = 400;

/** A response that is written to as long as it lasts. */
export interface EventSink {
  write(text: string): void;
  /** What was written before is not read yet. */
  readonly writableNeedDrain: boolean;
  end(): void;
  destroy(): void;
  on(event: 'close', listener: () => void): unknown;
}

interface Stream {
  readonly merchant: string;
  readonly id: string;
  readonly sink: EventSink;
  readonly until: number;
  /** Of the transaction: an older row tells nothing new. */
  version: number;
  told: string;
  beatAt: number;
}

export interface EventParts {
  readonly pages: Pick<PaymentPages, 'standing'>;
  readonly clock: Clock;
  readonly log: Log;
}

export class PaymentEvents {
  readonly #parts: EventParts;
  readonly #streams = new Set<Stream>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parts: EventParts) {
    this.#parts = parts;
  }

  /** Before anything is answered. @throws Problem GW_RATE */
  admit({ caller }: Asking): void {
    const own = [...this.#streams].filter(({ merchant }) => merchant === caller.merchant.id);
    if (this.#isClosed || own.length >= MOST_OF_A_MERCHANT || this.#streams.size >= MOST) {
      throw new Problem('GW_RATE', {
        detail: `of one merchant ${MOST_OF_A_MERCHANT} streams are open at most`,
      });
    }
  }

  /** Tells what is known now, and from then on what changes. */
  begin({ payment, opening }: FoundPayment, { caller }: Asking, sink: EventSink): void {
    const now = this.#parts.clock.monotonic();
    const stream: Stream = {
      merchant: caller.merchant.id,
      id: payment.id,
      sink,
      until: now + LONGEST_MS,
      version: payment.version,
      told: '',
      beatAt: now,
    };
    this.#streams.add(stream);
    sink.on('close', () => this.#streams.delete(stream));
    this.#tell(stream, currentView(payment, opening));
    this.#lookLater();
  }

  get open(): number {
    return this.#streams.size;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const stream of this.#streams) this.#end(stream);
  }

  #lookLater(): void {
    if (this.#timer || this.#streams.size === 0 || this.#isClosed) return;
    this.#timer = this.#parts.clock.after(LOOK_EVERY_MS, () => {
      void this.#look().finally(() => {
        this.#timer = undefined;
        this.#lookLater();
      });
    });
  }

  async #look(): Promise<void> {
    const { pages, clock, log } = this.#parts;
    const ids = [...new Set([...this.#streams].map(({ id }) => id))];
    let rows: readonly ListedPayment[] = [];
    try {
      rows = await pages.standing(ids);
    } catch (error) {
      log.warn({ event: 'gateway.events-unread', streams: ids.length, err: error });
    }

    const byId = new Map(rows.map((row) => [row.transaction, row]));
    const now = clock.monotonic();
    for (const stream of this.#streams) {
      const row = byId.get(stream.id);
      if (row && row.version > stream.version) {
        stream.version = row.version;
        this.#tell(stream, listedView(row));
      }
      if (now >= stream.until) this.#end(stream);
      else if (now - stream.beatAt >= HEARTBEAT_MS) this.#write(stream, ': heartbeat\n\n');
    }
  }

  #tell(stream: Stream, data: PaymentData): void {
    const text = JSON.stringify(data);
    if (text !== stream.told) {
      stream.told = text;
      this.#write(stream, `event: payment\nid: ${stream.version}\ndata: ${text}\n\n`);
    }
    if (isFinal(data)) this.#end(stream);
  }

  /** Whoever has not read what was written before is let go: what he would be told he finds by GET. */
  #write(stream: Stream, text: string): void {
    const { sink } = stream;
    if (sink.writableNeedDrain) {
      this.#streams.delete(stream);
      this.#parts.log.warn({ event: 'gateway.events-unheard', merchant: stream.merchant });
      sink.destroy();
      return;
    }
    stream.beatAt = this.#parts.clock.monotonic();
    sink.write(text);
  }

  #end(stream: Stream): void {
    if (this.#streams.delete(stream)) stream.sink.end();
  }
}
