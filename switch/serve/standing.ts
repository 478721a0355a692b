import type { Strangers } from '../admission/strangers.ts';
import type { StrangerSettings } from '../config/strangers.ts';
import type { Proof } from './service.ts';

/** A message on its way to its proof. */
export interface Ticket {
  /** What came of it. @param terminal who sealed it, where its MAC was right */
  learn(proof: Proof, terminal?: string): void;
  /** It is over, whether or not it was ever proven. */
  end(): void;
}

export interface StandingParts {
  /** Whom the connection is counted with while it has proven nothing: its certificate, or its address. */
  readonly circle: string;
  /** `address:port`. */
  readonly connection: string;
  /** Nothing more is asked of it: it has a certificate, or its listener trusts the line. */
  readonly isTrusted: boolean;
  readonly strangers: Strangers;
  readonly settings: StrangerSettings;
  /** Called once, with the first right MAC. */
  readonly onProven: () => void;
  /** Called where one wrong MAC follows another, and none was ever right. */
  readonly onHopeless: () => void;
}

/** Longer than this no message of a stranger waits for its turn to be proven. */
const PATIENCE_MS = 1_000;

/**
 * What a connection has proven so far. Its first right MAC makes it known, and from then on only the gate stands before
 * its messages; with each wrong one it is a stranger again until the next that is right. A connection that was ever
 * right is never closed for wrong MACs: behind a concentrator one terminal may be out of step.
 */
export class Standing {
  readonly #parts: StandingParts;
  readonly #known: Ticket;
  #isKnown: boolean;
  #wasEverRight = false;
  #wrongInARow = 0;
  #name: string;

  constructor(parts: StandingParts) {
    this.#parts = parts;
    this.#isKnown = parts.isTrusted;
    this.#name = parts.circle;
    this.#known = { learn: (proof, terminal) => this.#learn(proof, terminal), end() {} };
  }

  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** With whom it takes turns at the gate: each terminal that is known has turns of its own. */
  get name(): string {
    return this.#name;
  }

  /** Calls `begin` once the message may be proven, or `giveUp` where its turn does not come in time. */
  admit(begin: (ticket: Ticket) => void, giveUp: () => void): void {
    if (this.#isKnown) {
      begin(this.#known);
      return;
    }
    const { strangers, circle, connection } = this.#parts;
    strangers.ask({
      circle,
      connection,
      patienceMs: PATIENCE_MS,
      begin: () => begin(this.#ticket()),
      giveUp,
    });
  }

  #ticket(): Ticket {
    const { strangers, circle } = this.#parts;
    let isOpen = true;
    const close = (isHonest: boolean) => {
      if (isOpen) strangers.ended(circle, isHonest);
      isOpen = false;
    };
    return {
      learn: (proof, terminal) => {
        this.#learn(proof, terminal);
        close(proof === 'right' || proof === 'none');
      },
      end: () => close(true),
    };
  }

  #learn(proof: Proof, terminal: string | undefined): void {
    const { isTrusted, settings, strangers, onProven, onHopeless, circle } = this.#parts;
    if (proof === 'right') {
      this.#isKnown = true;
      this.#wrongInARow = 0;
      this.#name = terminal ?? circle;
      if (!this.#wasEverRight) onProven();
      this.#wasEverRight = true;
    } else if (proof === 'wrong') {
      this.#isKnown = false;
      this.#wrongInARow += 1;
      strangers.turnedAway.note(circle);
      const isHopeless = this.#wrongInARow >= settings.wrongMacsPerConnection;
      if (isHopeless && !this.#wasEverRight && !isTrusted) onHopeless();
    }
  }
}
