import { type Clock, delay } from '../../runtime/index.ts';
import type { TerminalBatch } from './batch.ts';
import type { Exchange } from './exchange.ts';
import type { Original } from './messages.ts';
import { saysYes } from './services.ts';

/** How a terminal makes an uncertain outcome certain. */
export interface ReversalPlan {
  /** Between an unanswered reversal and its repeat. */
  everyMs: number;
  /** How often before the next request is refused for it, and tries again. */
  attempts: number;
}

interface Means {
  clock: Clock;
  reverse(original: Original, remaining: undefined, repeat?: { stan: string }): Promise<Exchange>;
  batch(): Promise<TerminalBatch>;
}

/** What is known of a request before it is sent. */
type Asked = Pick<Exchange, 'service' | 'mti' | 'terminal' | 'stan' | 'amount' | 'currency'>;

/**
 * Keeps a terminal from beginning anything while an earlier outcome is uncertain. What its records leave open (it
 * lost power before the answer) counts as well.
 */
export function uncertainties(plan: ReversalPlan, { batch, clock, reverse }: Means) {
  let open: Original[] | undefined;

  const isReversed = async (original: Original): Promise<boolean> => {
    let repeat: { stan: string } | undefined;
    for (let attempt = 1; attempt <= plan.attempts; attempt += 1) {
      const tried = await reverse(original, undefined, repeat);
      if (tried.approved) return true;
      repeat = { stan: tried.stan };
      if (attempt < plan.attempts) await delay(clock, plan.everyMs);
    }
    return false;
  };
  const reverseAll = async (): Promise<boolean> => {
    open ??= (await batch()).transactions.filter(({ state }) => state === 'open');
    for (let original = open[0]; original; original = open[0]) {
      if (!(await isReversed(original))) return false;
      open.shift();
    }
    return true;
  };

  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<Exchange>): Promise<Exchange> => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };

  return {
    /** One request at a time; `send` is not called while something earlier is uncertain. */
    guard: (asked: Asked, send: () => Promise<Exchange>): Promise<Exchange> =>
      inTurn(async () => {
        if (!(await reverseAll())) {
          const reason = 'SIM_TERMINAL_REVERSAL_PENDING';
          return { ...asked, approved: false, outcome: 'unanswered', reason, ms: 0, reversal: 'pending' };
        }
        const done = await send();
        if (isCertain(done)) return done;
        open = [originalOf(done)];
        return { ...done, reversal: (await reverseAll()) ? 'acknowledged' : 'pending' };
      }),
  };
}

/** Nothing was sent, or the answer can be believed. */
function isCertain({ code, macVerified, outcome, reason, service }: Exchange): boolean {
  if (outcome === 'unanswered') return reason === 'SIM_TERMINAL_UNREACHABLE';
  return macVerified !== false || !saysYes(service, code);
}

function originalOf({ amount = 0, currency = '', mti, processingCode = '', stan, time = '' }: Exchange) {
  return { mti, stan, time, processingCode, amount, currency };
}
