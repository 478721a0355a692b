import type { ListenerSettings, Settings, TerminalSettings } from '../switch/config/settings.ts';
import { terminalHabits } from './peers/habits/all-habits.ts';
import { Terminal } from './peers/terminal.ts';
import { MERCHANTS } from './settings.ts';
import type { Simulation } from './simulation.ts';
import type { SeededRandom } from './world/seeded-random.ts';

/** For a connection that is opened first, and the way there and back, at their slowest. */
export const TRAVEL_MS = 4 * 80;
const MOST_TERMINALS = 6;
const LAST_STAN = 999_999;

/** A few terminals and acquirers' hosts, in the three dialects by turns. */
export function terminalsOf(
  { world, network, nodes, faults, features }: Omit<Simulation, 'workload'>,
  settings: Settings,
  random: SeededRandom,
): [Terminal, ...Terminal[]] {
  const [first, ...others] = nodes.map(({ name }) => name);
  const hosts: [string, ...string[]] = [first ?? 'node-1', ...others];
  const has = (kind: string) => faults.faults.some((fault) => fault.kind === kind);
  const hasNamesakes = features.habits.has('same-de41');
  const habits = terminalHabits(features.habits);
  const answerLimitMs = settings.deadlineMs + TRAVEL_MS;
  const make = (index: number): Terminal => {
    const registered = settings.terminals[index % settings.terminals.length];
    const [ascii, bcd, hex] = settings.listeners;
    const listener = [ascii, bcd, hex][index % 3];
    if (!registered || !listener) throw new Error('the development settings lack a terminal or a listener');
    const identity = identityOf(listener, index, registered, hasNamesakes);
    const expectsWrongSeals = has('garbled');
    const stans = stansOf(random, !has('pause'));
    const { listeners } = settings;
    const terminal = {
      ...identity,
      listener,
      listeners,
      habits,
      nodes: hosts,
      answerLimitMs,
      expectsWrongSeals,
      stans,
    };
    return new Terminal(terminal, world, (process) => network.socketsOf(process));
  };
  const count = hasNamesakes ? MOST_TERMINALS : 2 + random.integer(MOST_TERMINALS - 1);
  const offset = random.integer(10);
  return [make(offset), ...Array.from({ length: count - 1 }, (_, index) => make(offset + index + 1))];
}

/** An acquirer answers for its own terminals and merchants; some of these are enrolled with Étika. */
function identityOf(
  listener: ListenerSettings,
  index: number,
  terminal: TerminalSettings,
  hasNamesakes: boolean,
) {
  if (listener.mac === 'required') {
    const { id, merchant, partialApproval: takesPartialApproval } = terminal;
    return { id, merchant, takesPartialApproval };
  }
  const merchant = index % 2 === 0 ? MERCHANTS[0].id : 'ACQUIRED000001';
  const number = hasNamesakes ? 0 : index;
  return { id: `ACQ${String(number).padStart(5, '0')}`, merchant, takesPartialApproval: true };
}

/**
 * Some come to the last STAN there is, some lose their count and begin anew within the day: not where a node is paused,
 * since what it hears of both at once has the same DE7 and so the same numbers for the network.
 */
function stansOf(random: SeededRandom, mayLoseCount: boolean): { first: number; last: number } {
  return random.pick([
    { first: 1, last: LAST_STAN },
    { first: LAST_STAN - random.integer(5), last: LAST_STAN },
    { first: 1, last: mayLoseCount ? 6 : LAST_STAN },
  ]);
}
