/**
 * What waits behind a follow-up that is parked. Follow-ups of one transaction and lane run in the order in which they
 * were queued; one that is parked waits for people, perhaps for days, and would hold up whatever comes behind it: a
 * partial reversal that a network refuses must not keep a later void from the network.
 *
 * Each of our tasks looks at the transaction as it is when it runs, and does what is to be done then. So it needs no
 * parked one to have ended, with one exception: a network must hear of an approval before it hears of its reversal.
 * Tasks that are not in the table wait, as everything did before.
 */

/** By task: the parked tasks that it waits behind; it passes by all others. */
const WAITS_BEHIND: Readonly<Record<string, readonly string[]>> = {
  'reverse-network': ['advise-network'],
  'advise-network': [],
  'close-increment': [],
  'watch-hold': [],
  'complete-pop': [],
  'cancel-pop': [],
  notify: [],
  'raise-alert': [],
  'look-again': [],
};

/** The parked tasks that hold up this one, or `all`. */
export function waitsBehind(task: string): readonly string[] | 'all' {
  return Object.hasOwn(WAITS_BEHIND, task) ? (WAITS_BEHIND[task] ?? []) : 'all';
}

export function isHeldUpBy(task: string, parkedTask: string): boolean {
  const behind = waitsBehind(task);
  return behind === 'all' || behind.includes(parkedTask);
}
