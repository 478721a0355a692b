import type { NetworkConnector, PopConnector } from '../../connectors/index.ts';
import type { Journal } from '../journal/journal.ts';
import type { Checkpoint } from '../ports.ts';

/** Where a recovery test may kill the process: at the checkpoints of the core, and at its edges. */
export type CrashPoint = Checkpoint | 'admitted' | 'between-legs' | 'reversal-acknowledged';

/**
 * For recovery tests: kills this process, as kill -9 does, when it passes the named point. Nothing where no plan is.
 *
 * @param plan `decided`, or `decided:3` for the third time it is passed
 * @throws in production, where nothing may ask for this
 */
export function crashCheckpoint(
  plan: string | undefined,
  production: boolean,
): ((at: CrashPoint) => void) | undefined {
  if (!plan) return undefined;
  if (production) throw new Error('CRASH_AT is not for production');
  const [name, count] = plan.split(':');
  let remaining = Number(count ?? 1);
  return (at) => {
    if (at !== name) return;
    remaining -= 1;
    if (remaining === 0) process.kill(process.pid, 'SIGKILL');
  };
}

interface Edges {
  readonly journal: Journal;
  readonly networks: ReadonlyMap<string, NetworkConnector>;
  readonly pop: PopConnector;
}

/** The same parts, which pass the points at the edges of the core as they are used. */
export function withCrashPoints<Parts extends Edges>(parts: Parts, passed: (at: CrashPoint) => void): Parts {
  const { journal, networks, pop } = parts;
  return {
    ...parts,
    checkpoint: passed,
    journal: {
      append(entry, deadline) {
        if (entry.kind === 'intended') passed('admitted');
        return journal.append(entry, deadline);
      },
      history: (transaction) => journal.history(transaction),
      transactionOf: (key) => journal.transactionOf(key),
      undecided: () => journal.undecided(),
    } satisfies Journal,
    networks: new Map([...networks].map(([name, network]) => [name, acknowledging(network, passed)])),
    pop: {
      ...pop,
      initiate(purchase, deadline) {
        passed('between-legs');
        return pop.initiate(purchase, deadline);
      },
    } satisfies PopConnector,
  };
}

function acknowledging(network: NetworkConnector, passed: (at: CrashPoint) => void): NetworkConnector {
  return {
    ...network,
    async reverse(request, deadline) {
      const outcome = await network.reverse(request, deadline);
      if (outcome.status === 'acknowledged') passed('reversal-acknowledged');
      return outcome;
    },
  };
}
