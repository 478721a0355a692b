/**
 * A network whose data may change while the switch runs (its answers, its rules, its elements): whoever holds it asks
 * the link that is current. New data get a link of their own, which takes over once it has signed on, so that no
 * payment finds the network away; the link before stays until what it was asked is answered. A network that bears one
 * session at a time keeps the new link from signing on: then the old one is asked nothing more after a moment, and is
 * closed once it has answered. A network that is away looks the same, and may yet answer. Data that come before the
 * link of the last ones has signed on take its place.
 */
import type { AnswerTable, NetworkConnector } from '../../connectors/index.ts';
import type { Clock, Log } from '../../runtime/index.ts';
import type { NetworkSettings } from '../config/settings.ts';

export interface FollowedNetworkParts {
  readonly open: (settings: NetworkSettings) => NetworkConnector;
  readonly clock: Clock;
  readonly log: Log;
}

const LOOK_EVERY_MS = 50;
const SIGNED_ON_WITHIN_MS = 1_500;
/** By then all that was asked over a link was answered, or is unknown. */
const LINGER_MS = 60_000;
/** Longer than a payment waits for its network. */
const ANSWERED_WITHIN_MS = 3_000;

class FollowedNetwork {
  readonly connector: NetworkConnector;
  readonly #parts: FollowedNetworkParts;
  #settings: NetworkSettings;
  #current: NetworkConnector;
  /** The link of the newest data, until it takes over. */
  #next: NetworkConnector | undefined;
  /** Links that are no longer asked, or not yet. */
  readonly #others = new Set<NetworkConnector>();
  #isClosed = false;

  constructor(settings: NetworkSettings, parts: FollowedNetworkParts) {
    this.#parts = parts;
    this.#settings = settings;
    this.#current = parts.open(settings);
    this.connector = this.#delegate(settings.name);
  }

  follow(settings: NetworkSettings): void {
    if (this.#isClosed || JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    // It has signed on, and nobody has looked yet.
    if (this.#next?.state() === 'signed-on') this.#takeOver(this.#next, 0);

    this.#settings = settings;
    const next = this.#parts.open(settings);
    this.#others.add(next);
    const overtaken = this.#next;
    this.#next = next;
    if (overtaken) void this.#let(overtaken);
    this.#takeOver(next, SIGNED_ON_WITHIN_MS);
  }

  #takeOver(next: NetworkConnector, leftMs: number): void {
    const { clock, log } = this.#parts;
    if (this.#isClosed || next !== this.#next) return;
    const isOn = next.state() === 'signed-on';
    const isOver = leftMs <= 0 || this.#current.state() !== 'signed-on';
    if (!isOn && !isOver) {
      clock.after(LOOK_EVERY_MS, () => this.#takeOver(next, leftMs - LOOK_EVERY_MS));
      return;
    }

    const before = this.#current;
    this.#current = next;
    this.#next = undefined;
    this.#others.delete(next);
    this.#others.add(before);
    log.info({ event: 'network.data-followed', network: next.name, signedOn: isOn });
    clock.after(isOn ? LINGER_MS : 0, () => void this.#let(before));
  }

  async #let(link: NetworkConnector): Promise<void> {
    await link.close(ANSWERED_WITHIN_MS);
    this.#others.delete(link);
  }

  #delegate(name: string): NetworkConnector {
    const current = () => this.#current;
    return {
      name,
      get rules() {
        return current().rules;
      },
      get answers() {
        return current().answers as AnswerTable; // every link that is opened here has one
      },
      zonePinKey: () => current().zonePinKey(),
      isFree: (facts) => current().isFree?.(facts) ?? true,
      ask: (facts, card, deadline) => current().ask(facts, card, deadline),
      reverse: (request, deadline) => current().reverse(request, deadline),
      advise: (request, deadline) => current().advise(request, deadline),
      state: () => current().state(),
      signOns: () => current().signOns?.() ?? 0,
      close: () => this.#close(),
    };
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    const links = [this.#current, ...this.#others];
    this.#others.clear();
    await Promise.all(links.map((link) => link.close()));
  }
}

/** The networks of a process, by name, and the way to tell them of new data. */
export function followedNetworks(
  networks: readonly NetworkSettings[],
  parts: FollowedNetworkParts,
): {
  readonly connectors: ReadonlyMap<string, NetworkConnector>;
  follow(all: readonly NetworkSettings[]): void;
} {
  const followed = new Map(networks.map((each) => [each.name, new FollowedNetwork(each, parts)]));
  return {
    connectors: new Map([...followed].map(([name, { connector }]) => [name, connector])),
    follow(all) {
      for (const settings of all) followed.get(settings.name)?.follow(settings);
    },
  };
}
