import type { HostMessage } from '../../../simulators/network/host-dialect.ts';
import type { ListenerSettings } from '../../../switch/config/settings.ts';
import type { HostName } from '../../faults.ts';
import type { SeededRandom } from '../../world/seeded-random.ts';
import type { Fortune } from '../fortune.ts';
import type { IssuerWord } from '../network-ledger.ts';
import type { PaymentOrder } from '../payment-order.ts';
import type { TerminalMessage } from '../terminal-dialects.ts';

// A habit is what a real peer does though no specification asks for it. Each is a file of its own in this folder, and a
// feature of a seed: on or off. What it draws it draws from a stream of its own, so that a habit which is switched off
// leaves the rest of a run as it was. A flag in the peers for each of them was rejected: forty flags in one class.

export interface Habit {
  readonly name: string;
  /** As part of a sentence about a peer. */
  readonly says: string;
  /** Of all seeds, in how many it is on. */
  readonly share: number;
  readonly terminal?: TerminalHabit;
  readonly network?: NetworkHabit;
}

export type HabitOfTerminals = Pick<Habit, 'name'> & { readonly terminal: TerminalHabit };
export type HabitOfNetworks = Pick<Habit, 'name'> & { readonly network: NetworkHabit };

/** DE7, DE12 and DE13 of now, by the terminal's own clock. */
export type Moment = Required<Pick<TerminalMessage, 'de7' | 'de12' | 'de13'>>;

export interface TerminalHabit {
  /** Which of the switch's addresses it calls. */
  calls?(own: ListenerSettings, all: readonly ListenerSettings[], random: SeededRandom): ListenerSettings;
  /** A refusal of its repeat is the end of it. */
  readonly believesRefusals?: true;
  /** Whether the line delivers a message twice. */
  doubles?(random: SeededRandom): boolean;
  /** For how long the line holds a request back, in milliseconds; nothing: not at all. */
  delays?(random: SeededRandom): number | undefined;
  /** How far its wall clock is off, in milliseconds: from UTC, and of its local time besides. */
  clock?(random: SeededRandom): { readonly offMs: number; readonly zoneMs: number };
  /** The message that opens a payment, as it is sent for the first time. */
  opens?(message: TerminalMessage, order: PaymentOrder, random: SeededRandom): TerminalMessage;
  /** What it sends when it asks again. @param now what its clock says */
  repeats?(message: TerminalMessage, now: Moment, random: SeededRandom): TerminalMessage;
  /**
   * How it says what it reverses.
   * @param sent what it sent last of it
   * @param opened what it sent first, with the DE37 that it was answered with
   */
  reverses?(
    message: TerminalMessage,
    sent: TerminalMessage,
    opened: TerminalMessage,
    random: SeededRandom,
  ): TerminalMessage;
}

/** A message that reached a network. */
export interface Asked {
  readonly network: HostName;
  readonly message: HostMessage;
  /** The same was answered before. */
  readonly isKnown: boolean;
  readonly now: number;
}

export interface NetworkHabit {
  /** What becomes of a message and its answer. */
  fares?(fortune: Fortune, asked: Asked, random: SeededRandom): Fortune;
  /** What the issuer says to a request; nothing: what it usually says. */
  decides?(asked: Asked, random: SeededRandom): IssuerWord | undefined;
  /** What a reversal or an advice is refused with; nothing: it is taken as usual. */
  refuses?(asked: Asked, random: SeededRandom): string | undefined;
  /** What it answers to a reversal of what it does not know, and does not remember; nothing: it remembers. */
  forgets?(asked: Asked, random: SeededRandom): string | undefined;
  /** The answer as it leaves. */
  answers?(reply: HostMessage, asked: Asked, random: SeededRandom): HostMessage;
}
