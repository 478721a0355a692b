import type { Clock, Monotonic, Timer } from '../../runtime/index.ts';
import type { ListenerSettings } from '../config/settings.ts';

export interface PatienceParts {
  readonly clock: Clock;
  readonly settings: Pick<ListenerSettings, 'frameTimeoutMs' | 'idleTimeoutMs'>;
  /** While it is not read from, a frame cannot become whole. */
  readonly isPaused: () => boolean;
  /** A frame did not become whole in time. */
  readonly onFrameLate: () => void;
  /** Nothing came for too long. */
  readonly onIdle: () => void;
}

const DEFAULT_FRAME_TIMEOUT_MS = 10_000;

/**
 * How long a connection may be silent, and how long a frame may take to come in whole. One timer for each, and the
 * second only while a frame is not whole: a timer for each read was rejected, it costs more than the reading.
 */
export class Patience {
  readonly #parts: PatienceParts;
  readonly #frameTimeoutMs: number;
  /** When bytes came last. */
  #heardAt: Monotonic;
  /** Since when the frame that is not whole yet is coming in. */
  #frameSince: Monotonic | undefined;
  #idleTimer: Timer | undefined;
  #frameTimer: Timer | undefined;
  #isClosed = false;

  constructor(parts: PatienceParts) {
    this.#parts = parts;
    this.#frameTimeoutMs = parts.settings.frameTimeoutMs ?? DEFAULT_FRAME_TIMEOUT_MS;
    this.#heardAt = parts.clock.monotonic();
    this.#watchIdle();
  }

  /**
   * Bytes were read.
   * @param wholeFrames how many they completed
   * @param pendingBytes of the next one that are here
   */
  heard(now: Monotonic, wholeFrames: number, pendingBytes: number): void {
    this.#heardAt = now;
    if (pendingBytes === 0) this.#frameSince = undefined;
    else if (wholeFrames > 0 || this.#frameSince === undefined) this.#frameBegins(now);
  }

  close(): void {
    this.#isClosed = true;
    this.#idleTimer?.cancel();
    this.#frameTimer?.cancel();
  }

  #frameBegins(now: Monotonic): void {
    this.#frameSince = now;
    if (!this.#frameTimer) this.#watchFrame(this.#frameTimeoutMs);
  }

  #watchFrame(delayMs: number): void {
    const { clock, isPaused, onFrameLate } = this.#parts;
    this.#frameTimer = clock.after(delayMs, () => {
      this.#frameTimer = undefined;
      if (this.#frameSince === undefined || this.#isClosed) return;
      const since = isPaused() ? clock.monotonic() : this.#frameSince;
      const leftMs = since + this.#frameTimeoutMs - clock.monotonic();
      if (leftMs > 0) this.#watchFrame(leftMs);
      else onFrameLate();
    });
  }

  #watchIdle(): void {
    const { clock, settings, onIdle } = this.#parts;
    const idleFor = clock.monotonic() - this.#heardAt;
    this.#idleTimer = clock.after(settings.idleTimeoutMs - idleFor, () => {
      const silentFor = clock.monotonic() - this.#heardAt;
      if (silentFor >= settings.idleTimeoutMs) onIdle();
      else this.#watchIdle();
    });
  }
}
