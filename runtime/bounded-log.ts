import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

const INTERVAL_MS = 10_000;
/** Of one event in an interval. */
const MOST = 100;

type Level = 'info' | 'warn';

interface Told {
  readonly level: Level;
  count: number;
}

/**
 * A log with a bound on what can be said with every payment: a hundred lines of one event in ten seconds, and one with
 * the count of the rest. A counterpart that is away is told once by whoever notices; that each payment says so as well
 * filled disks. Errors are never left out, nor lines that name a peer: those have a budget for each peer already, so
 * that one peer's noise hides no other's.
 */
export function boundedLog(log: Log, clock: Clock): Log {
  const told = new Map<string, Told>();
  let isCounting = false;
  const sumUp = () => {
    isCounting = false;
    for (const [event, { level, count }] of told) {
      if (count > MOST) log[level]({ event, more: count - MOST });
    }
    told.clear();
  };

  const mayTell = (level: Level, facts: unknown): boolean => {
    const event = boundedEvent(facts);
    if (event === undefined) return true;
    const known = told.get(event) ?? { level, count: 0 };
    told.set(event, known);
    known.count += 1;
    if (!isCounting) clock.after(INTERVAL_MS, sumUp);
    isCounting = true;
    return known.count <= MOST;
  };
  const bounded = (level: Level) =>
    ((facts: object, text?: string) => {
      if (mayTell(level, facts)) log[level](facts, text);
    }) as Log[Level];
  return {
    debug: log.debug.bind(log),
    error: log.error.bind(log),
    info: bounded('info'),
    warn: bounded('warn'),
  };
}

/** The event of a line that counts; nothing where it is written in any case. */
function boundedEvent(facts: unknown): string | undefined {
  if (typeof facts !== 'object' || facts === null || 'peer' in facts) return undefined;
  return 'event' in facts && typeof facts.event === 'string' ? facts.event : undefined;
}
