import type { FrameReader } from '../../messages/index.ts';
import type { Connection, Sockets } from '../../runtime/index.ts';
import type { ListenerSettings } from '../../switch/config/settings.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import { SimProcess } from '../world/sim-process.ts';
import type { World } from '../world/world.ts';
import type { HabitOfTerminals, Moment } from './habits/habit.ts';
import {
  dialectOf,
  frameOf,
  isSealed,
  keysOf,
  momentOf,
  type TerminalDialect,
  type TerminalKeys,
  type TerminalMessage,
} from './terminal-dialects.ts';

/** Whom a terminal tells of what came for a request: answers as they come, and that its connection broke. */
export interface Dialogue {
  /** @param isTrusted whether its seal is right, where the terminal has keys */
  answered(reply: TerminalMessage, isTrusted: boolean): void;
  cutOff(): void;
}

export interface TerminalSettings {
  readonly id: string;
  readonly merchant: string;
  /** Whose published keys it has; its own where absent. */
  readonly keyName?: string;
  /** Instead of the published ones. */
  readonly keys?: TerminalKeys;
  readonly listener: ListenerSettings;
  /** All of the switch's addresses. */
  readonly listeners: readonly ListenerSettings[];
  readonly habits: readonly HabitOfTerminals[];
  /** Hosts of the switch's nodes. */
  readonly nodes: readonly [string, ...string[]];
  /** An answer that takes longer is a fault of the switch, whatever befell it: late is worse than never. */
  readonly answerLimitMs: number;
  readonly takesPartialApproval: boolean;
  /** The HSM is to make wrong seals for a while: they are not believed, and nobody's fault. */
  readonly expectsWrongSeals: boolean;
  /** STANs run from the first to about the last, and begin anew with 1. */
  readonly stans: { readonly first: number; readonly last: number };
}

/** A STAN that begins anew is not used again so soon after a message had it, which may be a repeat with its own DE7. */
const STAN_REST_MS = 10_000;

/** A connection as the terminal keeps it: what it sent on it, and what may still be answered. */
interface Line {
  readonly connection: Connection;
  readonly dialect: TerminalDialect;
  readonly reader: FrameReader;
  /** Frames sent less answers received, by what correlates them. */
  readonly owed: Map<string, number>;
  /** When each was sent last. */
  readonly sentAt: Map<string, number>;
  readonly dialogues: Set<Dialogue>;
}

/** As DE90 names it. */
function nameOf({ de11, de7 }: TerminalMessage): string {
  return `${de11} ${de7}`;
}

/** A terminal, or an acquirer's host: one connection at a time, sealed messages, answers matched to dialogues. */
export class Terminal {
  readonly settings: TerminalSettings;
  readonly process: SimProcess;
  #keys: TerminalKeys | undefined;
  readonly #formerKeys: TerminalKeys[] = [];
  readonly world: World;
  readonly random: SeededRandom;
  /** Then it begins nothing else. */
  isSettling = false;
  readonly #sockets: Sockets;
  readonly #clockIs: { readonly offMs: number; readonly zoneMs: number };
  readonly #dialogues = new Map<string, Dialogue>();
  readonly #stanUsedAt = new Map<number, number>();
  /** Whose message had this STAN and DE7 first. */
  readonly #named = new Map<string, Dialogue>();
  #line: Line | undefined;
  #stan: number;

  constructor(settings: TerminalSettings, world: World, socketsOf: (process: SimProcess) => Sockets) {
    this.settings = settings;
    this.#stan = settings.stans.first - 1;
    this.world = world;
    this.random = world.random.stream(settings.id);
    this.process = new SimProcess(settings.id, world);
    this.#sockets = socketsOf(this.process);
    const clocks = settings.habits.map(({ name, terminal }) => terminal.clock?.(this.random.stream(name)));
    for (const [index, clock] of clocks.entries()) {
      if (clock) world.sometimes(`habit ${settings.habits[index]?.name}`);
    }
    this.#clockIs = {
      offMs: clocks.reduce((sum, clock) => sum + (clock?.offMs ?? 0), 0),
      zoneMs: clocks.reduce((sum, clock) => sum + (clock?.zoneMs ?? 0), 0),
    };
    const { id, keyName = id, keys, listener } = settings;
    this.#keys = listener.mac === 'required' ? (keys ?? keysOf(keyName)) : undefined;
  }

  /** Absent on an acquirer's line. */
  get keys(): TerminalKeys | undefined {
    return this.#keys;
  }

  /** Not while it waits for an answer: but a copy of what is over may still get one, sealed as the copy was. */
  changeKeys(keys: TerminalKeys): void {
    if (this.#keys) this.#formerKeys.push(this.#keys);
    this.#keys = keys;
  }

  /** DE7, DE12 and DE13 of now. */
  moment(): Moment {
    const { offMs, zoneMs } = this.#clockIs;
    return momentOf(this.process.clock, offMs, zoneMs);
  }

  /** What its habits make of something, one after the other. */
  byHabit<T>(usual: T, change: (habit: HabitOfTerminals, so: T) => T | undefined): T {
    return this.settings.habits.reduce((so, habit) => {
      const changed = change(habit, so) ?? so;
      if (changed !== so) this.world.sometimes(`habit ${habit.name}`);
      return changed;
    }, usual);
  }

  /**
   * What a message is that is sent again: by habit it has a DE7 of its own, but not where STAN and DE7 would be those
   * of another. Then nobody could say which one a reversal names.
   */
  sentAgain(
    message: TerminalMessage,
    dialogue: Dialogue,
    change: (habit: HabitOfTerminals, so: TerminalMessage) => TerminalMessage | undefined,
  ): TerminalMessage {
    const changed = this.byHabit(message, change);
    return (this.#named.get(nameOf(changed)) ?? dialogue) === dialogue ? changed : message;
  }

  nextStan(): string {
    const { now } = this.world;
    const { last } = this.settings.stans;
    const isAtRest = (stan: number) => now - (this.#stanUsedAt.get(stan) ?? -STAN_REST_MS) < STAN_REST_MS;
    this.#stan = (this.#stan % last) + 1;
    while (isAtRest(this.#stan)) this.#stan += 1;
    this.#stanUsedAt.set(this.#stan, now);
    return String(this.#stan).padStart(6, '0');
  }

  /** Answers whose STAN and amount are the message's go to the dialogue from now on. */
  expect(message: TerminalMessage, dialogue: Dialogue): void {
    this.#dialogues.set(correlationOf(message), dialogue);
  }

  /** What is on its way is not another's: a line may hold it back for longer than a STAN rests. */
  keepsStan({ de11 }: TerminalMessage): void {
    this.#stanUsedAt.set(Number(de11), this.world.now);
  }

  /** Sends a message, as a frame sealed with the terminal's key or as `spoil` makes it. */
  send(
    message: TerminalMessage,
    dialogue: Dialogue,
    spoil: (frame: Buffer) => Buffer = (frame) => frame,
  ): void {
    this.#line ??= this.#connect();
    const { connection, dialect, owed, sentAt, dialogues } = this.#line;
    const key = correlationOf(message);
    this.keepsStan(message);
    if (!this.#named.has(nameOf(message))) this.#named.set(nameOf(message), dialogue);
    sentAt.set(key, this.world.now);
    owed.set(key, (owed.get(key) ?? 0) + 1);
    dialogues.add(dialogue);
    connection.write(spoil(frameOf(message, dialect, this.keys)));
  }

  /** Hangs up, as a terminal does that waited in vain. */
  hangUp(): void {
    this.#line?.connection.destroy();
    this.#line = undefined;
  }

  #connect(): Line {
    const { nodes, listeners } = this.settings;
    const host = this.random.pick(nodes);
    const listener = this.byHabit(this.settings.listener, ({ terminal }, own) =>
      terminal.calls?.(own, listeners, this.random),
    );
    const dialect = dialectOf(listener);
    const address = { host, port: listener.port };
    const owed = new Map<string, number>();
    const dialogues = new Set<Dialogue>();
    const reader = dialect.framing.reader({ maxFrameBytes: 8_192 });
    const connection = this.#sockets.connect(address, {
      onData: (chunk) => reader.push(chunk, (packed) => this.#frame(line, packed)),
      onClose: () => {
        if (this.#line === line) this.#line = undefined;
        for (const dialogue of dialogues) dialogue.cutOff();
      },
    });
    const line: Line = { connection, dialect, reader, owed, sentAt: new Map(), dialogues };
    return line;
  }

  /** Of a partial approval DE4 is not what was asked for: it answers what is still owed under the same numbers. */
  #keyOf(reply: TerminalMessage, owed: ReadonlyMap<string, number>): string {
    if (reply.de39 !== PARTLY_APPROVED) return correlationOf(reply);
    const numbers = `${numbersOf(reply)} `;
    const asked = [...owed].find(([key, count]) => count > 0 && key.startsWith(numbers));
    return asked?.[0] ?? correlationOf(reply);
  }

  #frame({ dialect, owed, sentAt }: Line, packed: Buffer): void {
    const { id, answerLimitMs } = this.settings;
    const reply = dialect.codec.parse(packed);
    const keys = this.#keys ? [this.#keys, ...this.#formerKeys] : [];
    const isTrusted = !this.#keys || keys.some((each) => isSealed(packed, dialect, each));
    if (!isTrusted && (reply.de64 || reply.de128)) {
      if (this.settings.expectsWrongSeals) return;
      this.world.violate('I7 reply discipline', `${id} got a ${reply.mti} whose MAC is wrong`);
    }
    // Whoever asks for keys may have none to be sealed with.
    if (!isTrusted && isApproval(reply.de39) && !reply.mti.startsWith(MANAGEMENT)) {
      this.world.violate('I10 fail closed', `${id} got an approval without a MAC`);
    }
    const key = this.#keyOf(reply, owed);
    const left = (owed.get(key) ?? 0) - 1;
    if (left < 0) {
      this.world.violate('I7 reply discipline', `${id} got an answer to nothing it asked here: ${key}`);
      return;
    }
    owed.set(key, left);
    const tookMs = this.world.now - (sentAt.get(key) ?? 0);
    if (tookMs > answerLimitMs) {
      this.world.violate('I7 reply discipline', `${id} was answered after ${tookMs.toFixed(0)} ms: ${key}`);
    }
    this.#dialogues.get(key)?.answered(reply, isTrusted);
  }
}

const PARTLY_APPROVED = '10';
const MANAGEMENT = '08';
const APPROVALS: ReadonlySet<string | undefined> = new Set(['00', '10']);

function isApproval(code: string | undefined): boolean {
  return APPROVALS.has(code);
}

/** What an answer must have in common with its request. Each payment of a run has an amount of its own. */
function correlationOf(message: TerminalMessage): string {
  return `${numbersOf(message)} ${Number(message.de4)}`;
}

function numbersOf({ mti, de11, de12, de13, de41, de42 }: TerminalMessage): string {
  return `${mti.slice(0, 2)} ${de41?.trimEnd()}/${de11} ${de13}${de12} ${de42?.trimEnd()}`;
}
