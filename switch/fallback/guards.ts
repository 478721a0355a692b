import type { AnswerTable, NetworkConnector, PopConnector } from '../../connectors/index.ts';
import { type Hsm, HsmError, type HsmErrorCode } from '../../hsm/index.ts';
import type { Clock, Monotonic } from '../../runtime/index.ts';
import type { Journal, NewEntry } from '../journal/journal.ts';
import type { DegradedModes } from './degraded-modes.ts';
import type { DegradedMode } from './mode-records.ts';

interface Leg {
  readonly status: string;
}

/** By so many leading digits issuers are told apart: as many as a masked card shows. */
const IIN_DIGITS = 6;
/** Whoever finds its deadline past by more was not there when it came. */
const MISSED_BY_MS = 50;
const NO_ANSWER: ReadonlySet<string> = new Set(['unreachable', 'unknown']);

/**
 * Asks for an authorisation only while the network is not degraded, or to find out whether it still is. What is
 * withheld was never sent: it is unreachable at once, to be stood in for or declined without waiting. What never left
 * (there was no link, or the fault was ours) says nothing of how the network answers, what was lost with its link says
 * only that the link is down, which is watched by itself, and what went unanswered while this process stood still says
 * nothing of anybody else: none of them counts.
 */
export function guardNetwork(
  connector: NetworkConnector,
  modes: DegradedModes,
  clock: Clock,
): NetworkConnector {
  const mode: DegradedMode = `network-degraded:${connector.name}`;
  return {
    ...connector,
    // What is true of the network may be something else tomorrow.
    get rules() {
      return connector.rules;
    },
    get answers() {
      return connector.answers as AnswerTable;
    },
    ask(facts, card, deadline) {
      if (!modes.admits(mode)) return { left: false, outcome: { status: 'unreachable', reason: mode } };
      const from = clock.monotonic();
      const leg = connector.ask(facts, card, deadline);
      if (!leg.left) return leg;

      const outcome = leg.outcome.then((ended) => {
        // An answer that nobody can read is one: the network is there.
        const hasAnswered = ended.status === 'unknown' && ended.hasAnswered === true;
        const answered = hasAnswered || !NO_ANSWER.has(ended.status);
        const isEvidence =
          answered || (connector.state() === 'signed-on' && !wasMissed(deadline, clock.monotonic()));
        const issuer = facts.maskedPan.slice(0, IIN_DIGITS);
        if (isEvidence) modes.observe(mode, { answered, tookMs: clock.monotonic() - from, issuer });
        return ended;
      });
      return { left: true, outcome };
    },
  };
}

/**
 * Initiates a proof only while the consensus is not degraded, or to find out whether it still is. The proof of what is
 * withheld is queued at once: the financial leg does not wait for it, and the backlog does not bury who recovers.
 */
export function guardPop(connector: PopConnector, modes: DegradedModes, clock: Clock): PopConnector {
  return {
    ...connector,
    initiate: (purchase, deadline) =>
      attempt({ mode: 'pop-degraded', modes, clock, deadline }, () => connector.initiate(purchase, deadline)),
  };
}

interface Attempt {
  readonly mode: DegradedMode;
  readonly modes: DegradedModes;
  readonly clock: Clock;
  readonly deadline: Monotonic;
}

async function attempt<Outcome extends Leg>(
  { mode, modes, clock, deadline }: Attempt,
  act: () => Promise<Outcome>,
): Promise<Outcome | { readonly status: 'unreachable'; readonly reason: string }> {
  if (!modes.admits(mode)) return { status: 'unreachable', reason: mode };
  const from = clock.monotonic();
  const outcome = await act();
  const now = clock.monotonic();
  const answered = !NO_ANSWER.has(outcome.status);
  if (answered || !wasMissed(deadline, now)) modes.observe(mode, { answered, tookMs: now - from });
  return outcome;
}

function wasMissed(deadline: Monotonic, now: Monotonic): boolean {
  return now - deadline > MISSED_BY_MS;
}

/** Watches how the journal takes entries, and tells of those it took; it is written to whatever it does. */
export function watchJournal(
  journal: Journal,
  modes: DegradedModes,
  clock: Clock,
  onAppended: (entry: NewEntry) => void,
): Journal {
  return {
    history: (transaction) => journal.history(transaction),
    transactionOf: (key) => journal.transactionOf(key),
    undecided: () => journal.undecided(),
    async append(entry, deadline) {
      const from = clock.monotonic();
      const observe = (answered: boolean) =>
        modes.observe('journal-degraded', { answered, tookMs: clock.monotonic() - from });
      try {
        const result = await journal.append(entry, deadline);
        observe(true);
        if (result.status === 'appended') onAppended(entry);
        return result;
      } catch (error) {
        observe(false);
        throw error;
      }
    },
  };
}

/** What says something of the HSM, and not of what it was given. */
const HSM_FAILURES: ReadonlySet<HsmErrorCode> = new Set<HsmErrorCode>([
  'HSM_UNAVAILABLE',
  'HSM_TIMEOUT',
  'HSM_BUSY',
  'HSM_TOKEN_FAILED',
]);

/** Watches the HSM by what every payment asks of it; it is asked whatever it does. */
export function watchHsm<H extends Pick<Hsm, 'openRequest'>>(hsm: H, modes: DegradedModes, clock: Clock): H {
  const openRequest: Hsm['openRequest'] = async (request) => {
    const from = clock.monotonic();
    const observe = (answered: boolean) =>
      modes.observe('hsm-degraded', { answered, tookMs: clock.monotonic() - from });
    try {
      const opened = await hsm.openRequest(request);
      observe(true);
      return opened;
    } catch (error) {
      observe(!(error instanceof HsmError && HSM_FAILURES.has(error.code)));
      throw error;
    }
  };
  return { ...hsm, openRequest };
}
