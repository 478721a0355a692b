import { SimProcess } from '../../simulation/world/sim-process.ts';
import { World } from '../../simulation/world/world.ts';
import { Gate } from './gate.ts';
import type { Lane } from './lanes.ts';

export const DEADLINE_MS = 2_000;

/** What a peer sends: so many of a lane in a second, between two moments. */
export interface Traffic {
  readonly lane: Lane;
  readonly peer: string;
  readonly perSecond: number;
  readonly from: number;
  readonly to: number;
}

/** How one request fared. */
export interface Fate {
  readonly lane: Lane;
  readonly peer: string;
  readonly askedAt: number;
  verdict?: 'refuse' | 'leave';
  /** When its reply left; absent where none did. */
  repliedAt?: number;
}

/**
 * A core with one queue: every request waits in it twice, with a network leg in between, as in the switch it waits for
 * the journal. It serves so many waits a second and no more, so its capacity is known.
 */
export class ModelCore {
  readonly world: World;
  readonly process: SimProcess;
  readonly gate: Gate;
  readonly fates: Fate[] = [];
  networkMs: () => number = () => 50;
  /** What each wait takes beside its turn in the queue: a machine without processors to spare. */
  starvedMs = 0;
  mostWaiting = 0;
  #msPerWait: number;
  #freeAt = 0;

  constructor(seed: number, capacityPerSecond: number) {
    this.world = new World(seed, false);
    this.process = new SimProcess('node', this.world);
    this.gate = new Gate({ clock: this.process.clock, deadlineMs: DEADLINE_MS });
    this.#msPerWait = 500 / capacityPerSecond;
  }

  setCapacity(perSecond: number): void {
    this.#msPerWait = 500 / perSecond;
  }

  at(ms: number, action: () => void): void {
    this.world.scheduler.after(ms - this.world.now, 'test', action);
  }

  send({ lane, peer, perSecond, from, to }: Traffic): void {
    const count = Math.round(((to - from) / 1_000) * perSecond);
    for (let index = 0; index < count; index += 1) {
      this.at(from + (index * 1_000) / perSecond, () => {
        const fate: Fate = { lane, peer, askedAt: this.world.now };
        this.fates.push(fate);
        this.process.deliver(0, () => this.#heard(fate));
      });
    }
  }

  async run(untilMs: number): Promise<void> {
    await this.world.scheduler.run(() => this.world.now >= untilMs);
  }

  #heard(fate: Fate): void {
    const { clock } = this.process;
    const receivedAt = this.gate.heardAt(clock.monotonic());
    const path = ['listener', fate.peer, `${fate.peer}:1`] as const;
    this.gate.ask({
      lane: fate.lane,
      path,
      receivedAt,
      settle: (verdict) => {
        if (verdict === 'serve') this.#serve(fate, receivedAt);
        else fate.verdict = verdict;
      },
    });
    this.mostWaiting = Math.max(this.mostWaiting, this.gate.status().waiting);
  }

  #serve(fate: Fate, receivedAt: number): void {
    const reply = () => {
      this.gate.done(fate.lane);
      if (this.gate.mayReply(receivedAt)) fate.repliedAt = this.world.now;
    };
    this.#wait(() => {
      if (fate.lane === 'must-serve') reply();
      else this.process.clock.after(this.networkMs(), () => this.#wait(reply));
    });
  }

  #wait(then: () => void): void {
    const end = this.gate.began('journal');
    this.#freeAt = Math.max(this.#freeAt, this.world.now) + this.#msPerWait;
    this.process.deliver(this.#freeAt - this.world.now + this.starvedMs, () => {
      end();
      then();
    });
  }
}
