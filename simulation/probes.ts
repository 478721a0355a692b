import { PROBES, type Probe } from '../runtime/index.ts';
import { isAwaited } from './awaited.ts';
import { HABITS, type HabitName } from './peers/habits/all-habits.ts';
import { PAYMENT_KINDS, type PaymentKind } from './peers/services.ts';

/** What terminals, batches and logs of a run may show; `tally.ts` counts it. */
const OUTCOMES = [
  ...([
    'reversal accepted',
    'reversal refused',
    'partial reversal accepted',
    'partial reversal refused',
  ] as const),
  ...(['void accepted', 'void refused', 'completion accepted', 'completion refused'] as const),
  ...(['refund of a payment approved', 'refund of a payment declined', 'approved in part'] as const),
  ...(['stood in for', 'stand-in limit reached', 'degraded mode opened'] as const),
  'tampering noticed',
  'shed for load',
  'a worker died alone',
  ...(['the HSM refused a payment for the rest', 'the HSM refused the rest for payments'] as const),
  ...(['batch in balance', 'batch out of balance', 'calm run'] as const),
] as const;

/**
 * Everything that a campaign must have seen: what the core passes (`sometimes` in runtime/), each habit with an effect
 * on something, each kind of payment approved, and how things end.
 */
/** What guests and their shops saw (`guests/`). */
const GUESTS = [
  'increment approved',
  'increment reversed',
  'sum completed',
  'sum voided',
  'completion in parts',
  'tip accepted',
  'rubbish answered',
  ...(['merchant told', 'told twice', 'stood in for', 'stood in for with a PIN'] as const),
  ...(['told again', 'voided by its code', 'voided by its numbers'] as const),
  ...(['reversed by its reference', 'reversed without a terminal'] as const),
  ...(['chip said yes', 'chip said no', 'refund told of more than the sale'] as const),
  'rubbish hung up on',
  'advice behind its reversal',
  ...(['PIN under a derived key', 'counter spent before'] as const),
] as const;

/** What becomes of keys that change in service (`keys/`). */
const KEYS = [
  ...(['zone key changed', 'zone key refused', 'offered again'] as const),
  ...(['terminal changed', 'terminal changed tacitly', 'terminal refused', 'terminal asked again'] as const),
] as const;

/** Of settings that change while nodes serve. */
const SETTINGS = ['followed', 'followed by a worker', 'refused'] as const;

export type ProbeName =
  | Probe
  | `habit ${HabitName}`
  | `${PaymentKind} approved`
  | (typeof OUTCOMES)[number]
  | `guests: ${(typeof GUESTS)[number]}`
  | `keys: ${(typeof KEYS)[number]}`
  | `settings: ${(typeof SETTINGS)[number]}`;

/** What no campaign is asked for: a habit that the core does not bear yet is off. */
function expected(): ProbeName[] {
  const core = Object.keys(PROBES) as Probe[];
  const habits = HABITS.filter(({ name }) => !isAwaited(name)).map(({ name }) => `habit ${name}` as const);
  const guests = GUESTS.map((name) => `guests: ${name}` as const);
  return [
    ...core,
    ...habits,
    ...guests,
    ...SETTINGS.map((name) => `settings: ${name}` as const),
    ...KEYS.map((name) => `keys: ${name}` as const),
    ...PAYMENT_KINDS.map((kind) => `${kind} approved` as const),
    ...OUTCOMES,
  ];
}

/** So many seeds reach everything; of fewer nothing is asked. */
export const PROBED_FROM = 300;

/** @param seen how often each thing was seen in a campaign */
export function missedProbes(seen: Readonly<Record<string, number>>): ProbeName[] {
  return expected().filter((name) => !seen[name]);
}
