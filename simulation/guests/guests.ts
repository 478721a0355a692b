import type { Settings } from '../../switch/config/settings.ts';
import type { GuestNetwork } from '../faults.ts';
import { KeyedShop } from '../keys/keyed-shop.ts';
import { ZoneKeySender } from '../keys/zone-key-sender.ts';
import type { HabitOfTerminals } from '../peers/habits/habit.ts';
import type { NetworkMessage } from '../peers/host-messages.ts';
import type { NetworkHost } from '../peers/network-host.ts';
import { Terminal } from '../peers/terminal.ts';
import type { TerminalKeys } from '../peers/terminal-dialects.ts';
import type { Network } from '../world/network.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { World } from '../world/world.ts';
import { CARD_DATA } from './card-data.ts';
import type { GuestHosts } from './guest-networks.ts';
import { GUEST_CARDS, GUEST_TERMINALS, guestListener, KEY_TERMINALS, ZONE_KEYS } from './guest-settings.ts';
import { INCREMENT_NAMES } from './increment-names.ts';
import { Overtaken } from './overtaken.ts';
import { derivedPins, keysOfOwnWays, OWN_WAYS_TERMINAL } from './own-ways.ts';
import { Rubbish } from './rubbish.ts';
import { Shopping } from './shopping.ts';
import { Stay, type StayOrder } from './stay.ts';

/** The numbers of stays: those of the other payments of a run are below. */
export const FIRST_GUEST_NUMBER = 600;
const MOST_STAYS = 20;
/** Of the terminal with ways of its own. */
const FIRST_OWN_WAYS_NUMBER = 670;
const MOST_OWN_WAYS = 8;
/** Of seeds with guests. */
const OWN_WAYS = 0.3;
/** Of shops whose keys change. */
const FIRST_KEYED_NUMBER = 650;
const CURRENCIES = ['978', '826'] as const;
const LAST_STAN = 999_999;
const OUTAGES = 0.8;
const LAST_OUTAGE_MS = 20_000;
/** Of those who pay on a network, how many come while it is away. */
const MEANWHILE = 0.6;

interface Outage {
  readonly from: number;
  readonly to: number;
}

const LONG_MS = 600_000;

type GuestTerminal = Record<'id' | 'keyName' | 'merchant', string>;

export interface GuestsParts {
  readonly world: World;
  readonly network: Network;
  readonly settings: Settings;
  readonly hosts: GuestHosts;
  /** Of the switch's nodes. */
  readonly nodes: readonly string[];
  readonly expectsWrongSeals: boolean;
  readonly answerLimitMs: number;
}

/**
 * Guests and their shops: payments on networks of their own, with books of their own, in the world of everybody else.
 * To have them among the other payments was rejected: the model of a payment would have to know increments and parts.
 */
export class Guests {
  readonly hosts: GuestHosts;
  readonly stays: (Stay | Shopping | Overtaken)[] = [];
  readonly #parts: GuestsParts;
  readonly #changing: { readonly isOver: boolean }[] = [];
  #left = 0;

  constructor(parts: GuestsParts) {
    this.#parts = parts;
    this.hosts = parts.hosts;
  }

  get isOver(): boolean {
    return this.#left === 0 && [...this.stays, ...this.#changing].every(({ isOver }) => isOver);
  }

  schedule(spanMs: number): void {
    const { world } = this.#parts;
    const random = world.random.stream('guests');
    const terminals = GUEST_TERMINALS.map((each, index) => this.#terminal(each, index));
    this.#scheduleKeys(spanMs);
    const count = 2 + random.integer(MOST_STAYS - 1);
    this.#left = count;
    this.#scheduleOwnWays(spanMs);
    const names = Object.keys(GUEST_CARDS) as [GuestNetwork];
    const outages = new Map(names.map((name) => [name, this.#silence(name, random.stream(name))]));
    new Rubbish(world, this.#parts.network, this.#parts.settings, this.#parts.nodes).schedule(spanMs);
    for (let index = 0; index < count; index += 1) {
      const own = random.stream(`stay ${index}`);
      const terminal = terminals[own.integer(terminals.length)];
      const network = own.pick(names);
      const order = {
        pan: GUEST_CARDS[network],
        currency: own.pick(CURRENCIES),
        number: FIRST_GUEST_NUMBER + index,
      };
      const outage = own.chance(MEANWHILE) ? outages.get(network) : undefined;
      const { from, to } = outage ?? { from: 0, to: spanMs };
      world.scheduler.after(own.between(from, to), 'stay', () => {
        this.#left -= 1;
        if (!terminal) return;
        const life = own.stream('life');
        const isShort = own.chance(0.6);
        const stay = stayOf(terminal, order, { random: life, isShort });
        this.stays.push(stay);
        stay.begin();
      });
    }
  }

  /** In some runs there is a terminal that does it otherwise than most. */
  #scheduleOwnWays(spanMs: number): void {
    const { world } = this.#parts;
    const random = world.random.stream('own ways');
    if (!random.chance(OWN_WAYS)) return;
    const { id, keyName } = OWN_WAYS_TERMINAL;
    const [{ merchant }] = GUEST_TERMINALS;
    const ways = { keys: keysOfOwnWays(), habit: derivedPins() };
    const terminal = this.#terminal({ id, keyName, merchant }, 0, ways);

    const count = 2 + random.integer(MOST_OWN_WAYS - 1);
    this.#left += count;
    for (let index = 0; index < count; index += 1) {
      const own = random.stream(`shopping ${index}`);
      const pan = GUEST_CARDS[own.pick(Object.keys(GUEST_CARDS) as [GuestNetwork])];
      const order = { pan, currency: own.pick(CURRENCIES), number: FIRST_OWN_WAYS_NUMBER + index };
      world.scheduler.after(own.between(0, spanMs), 'own ways', () => {
        this.#left -= 1;
        const shopping = new Shopping(terminal, order, own.stream('life'));
        this.stays.push(shopping);
        shopping.begin();
      });
    }
  }

  /** Terminals and networks whose keys change, where any do. */
  #scheduleKeys(spanMs: number): void {
    const { world, settings, expectsWrongSeals: expectsWrongBlocks } = this.#parts;
    const { keyLife } = settings;
    if (!keyLife) return;
    for (const name of ['lodging', 'plain'] as const) {
      const host = this.hosts[name] as NetworkHost<NetworkMessage>;
      const sender = new ZoneKeySender(host, world, { ...ZONE_KEYS[name], expectsWrongBlocks });
      this.#changing.push(sender);
      sender.schedule();
    }

    const random = world.random.stream('keyed shops');
    let number = FIRST_KEYED_NUMBER;
    for (const [index, each] of KEY_TERMINALS.entries()) {
      const shop = new KeyedShop({
        terminal: this.#terminal(each, index),
        masterKey: `TMK/${each.keyName}`,
        random: random.stream(each.id),
        mayBeTacit: keyLife.pendingMs > LONG_MS,
        nextOrder: (own) => {
          const network = own.pick(Object.keys(GUEST_CARDS) as [GuestNetwork]);
          number += 1;
          return { pan: GUEST_CARDS[network], currency: own.pick(CURRENCIES), number };
        },
        keep: (shopping) => this.stays.push(shopping),
      });
      this.#changing.push(shop);
      world.scheduler.after(random.between(0, spanMs), 'keyed shop', () => shop.begin());
    }
  }

  /** Now and then a network cannot be reached for a while: what stands in for it has to look at cards and PINs. */
  #silence(name: GuestNetwork, random: SeededRandom): Outage | undefined {
    const { world, network } = this.#parts;
    if (!random.chance(OUTAGES)) return undefined;
    const from = random.between(0, LAST_OUTAGE_MS);
    world.scheduler.after(from, 'outage', () => {
      world.tell(name, () => 'cannot be reached');
      network.refuse(name, true);
      network.breakConnections(name);
    });
    const to = from + random.between(3_000, 20_000);
    world.scheduler.after(to, 'outage', () => network.refuse(name, false));
    return { from, to };
  }

  #terminal(
    { id, keyName, merchant }: GuestTerminal,
    index: number,
    ways?: { readonly keys: TerminalKeys; readonly habit: HabitOfTerminals },
  ): Terminal {
    const { world, network, settings, nodes, expectsWrongSeals, answerLimitMs } = this.#parts;
    const [first = 'node-1', ...others] = nodes;
    const terminal = {
      id,
      keyName,
      merchant,
      takesPartialApproval: true,
      habits: [CARD_DATA, INCREMENT_NAMES].concat(ways?.habit ?? []),
      ...(ways && { keys: ways.keys }),
      listener: guestListener(settings, index),
      listeners: settings.listeners,
      nodes: [first, ...others] as const,
      answerLimitMs,
      expectsWrongSeals,
      stans: { first: 1, last: LAST_STAN },
    };
    return new Terminal(terminal, world, (process) => network.socketsOf(process));
  }
}

/** Of those who pay at a terminal that took back what it had approved by itself. */
const OVERTAKEN = 0.08;

function stayOf(
  terminal: Terminal,
  order: StayOrder,
  { random, isShort }: { readonly random: SeededRandom; readonly isShort: boolean },
): Stay | Shopping | Overtaken {
  const own = random.stream('overtaken');
  if (own.chance(OVERTAKEN)) return new Overtaken(terminal, order, own);
  return isShort ? new Shopping(terminal, order, random) : new Stay(terminal, order, random);
}
