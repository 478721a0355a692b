import { isAwaited } from './awaited.ts';
import type { Fault } from './faults.ts';
import { HABITS, type HabitName } from './peers/habits/all-habits.ts';
import type { PaymentKind } from './peers/services.ts';
import type { SeededRandom } from './world/seeded-random.ts';

/**
 * What a seed is about: which habits its peers have, where nothing breaks, and what terminals mostly ask for. Each seed
 * leaves most of it out, since a run in which everything happens at once reaches less than many runs that each do
 * something to excess.
 */
export interface Features {
  readonly habits: ReadonlySet<HabitName>;
  /** Where no fault is drawn. */
  readonly spared: ReadonlySet<Fault['on']>;
  /** What terminals ask for three times as often as usual. */
  readonly favours: readonly PaymentKind[];
  /** Small purchases with few cards, all at once, while networks are away: what stand-in may approve is used up. */
  readonly isCrowd: boolean;
  /** Others pay besides, on networks of their own (`guests/`). */
  readonly hasGuests?: boolean;
  /** Keys of guests' terminals and networks change in service (`keys/`). */
  readonly changesKeys?: boolean;
  /** Networks of guests say what cannot be, and somebody calls on listeners with other manners. */
  readonly isOdd?: boolean;
  /** What follows a reply is done by processes of their own. */
  readonly hasWorker?: boolean;
  /** What all nodes have in common changes while they serve. */
  readonly changesSettings?: boolean;
  /** The day on which it happens. */
  readonly day: Day;
}

/** All shortly before midnight UTC, or before the clocks of Europe change, so that dates change under way. */
export const DAYS = {
  'an ordinary day': Date.UTC(2026, 10, 23, 23, 59, 30),
  'the end of a year': Date.UTC(2026, 11, 31, 23, 59, 30),
  'the day before a leap day': Date.UTC(2028, 1, 28, 23, 59, 30),
  'a leap day': Date.UTC(2028, 1, 29, 23, 59, 30),
  'the end of a February': Date.UTC(2027, 1, 28, 23, 59, 30),
  'the beginning of summer time': Date.UTC(2027, 2, 28, 0, 59, 30),
  'the end of summer time': Date.UTC(2026, 9, 25, 0, 59, 30),
} as const;
export type Day = keyof typeof DAYS;

/** Kind peers, and every fault. */
export const PLAIN: Features = {
  habits: new Set(),
  spared: new Set(),
  favours: [],
  isCrowd: false,
  day: 'an ordinary day',
};

const PLACES = ['network', 'pop', 'hsm', 'line', 'database', 'operator', 'node'] as const;
const KINDS = ['cash', 'cashback', 'refund', 'pre-authorisation', 'offline'] as const;
/** Of the share of each habit: no seed is like another. */
const DENSITIES = [0, 0.5, 1, 1, 2.5] as const;
const SPARED = 0.2;
const FAVOURED = 0.15;
const ORDINARY = 0.5;
const CROWDS = 0.1;
const GUESTS = 0.5;
/** Of seeds with guests. */
const KEY_CHANGES = 0.4;
/** Of seeds with guests. */
const ODD = 0.4;
const WORKERS = 0.25;
const SETTINGS = 0.2;
/** Of seeds: whose peers have all the manners of one maker, which come together. */
const MAKERS = 0.09;
/** What makes trouble together: reversals that name badly, and networks that are slow to know and quick to forget. */
const MANNERS: readonly (readonly HabitName[])[] = [
  ['no-de90', 'de90-of-the-repeat', 'new-de7-on-repeat', 'void-reversed', 'tells-again'],
  ['no-de90', 'de90-of-zeros', 'de90-without-time', 'late-by-the-line', 'void-reversed'],
  ['answers-after-5-s', 'forgets-early-reversals', 'acts-after-its-time-out', 'answers-reversals-late'],
];
const DAY_NAMES = Object.keys(DAYS) as [Day, ...Day[]];

/** @param random a stream of its own @param forced on in every seed, awaited or not */
export function drawFeatures(random: SeededRandom, forced: readonly HabitName[] = []): Features {
  const density = random.pick(DENSITIES);
  const habits = new Set<HabitName>();
  const manners = mannersOf(random.stream('makers'));
  for (const { name, share } of HABITS) {
    const isDrawn = random.stream(name).chance(share * density) || manners.has(name);
    if (forced.includes(name) || (isDrawn && !isAwaited(name))) habits.add(name);
  }
  const sparing = random.stream('spared');
  const spares = sparing.chance(0.5);
  const spared = new Set(PLACES.filter(() => spares && sparing.chance(SPARED)));
  const favouring = random.stream('favours');
  const favours = KINDS.filter(() => favouring.chance(FAVOURED));
  const calendar = random.stream('day');
  const day = calendar.chance(ORDINARY) ? PLAIN.day : calendar.pick(DAY_NAMES);
  const isCrowd = random.stream('crowd').chance(CROWDS);
  const hasGuests = random.stream('guests').chance(GUESTS);
  const changesKeys = hasGuests && random.stream('keys').chance(KEY_CHANGES);
  const hasWorker = random.stream('worker').chance(WORKERS);
  const isOdd = hasGuests && random.stream('odd').chance(ODD);
  const changesSettings = random.stream('settings').chance(SETTINGS);
  return { habits, spared, favours, isCrowd, day, hasGuests, changesKeys, isOdd, hasWorker, changesSettings };
}

function mannersOf(random: SeededRandom): ReadonlySet<HabitName> {
  return new Set(MANNERS.filter(() => random.chance(MAKERS)).flat());
}

export function describeFeatures({ habits, spared, favours, isCrowd, day, ...rest }: Features): string[] {
  const lines = HABITS.filter(({ name }) => habits.has(name)).map(({ name, says }) => `${name}: ${says}`);
  if (spared.size > 0) lines.push(`no fault of ${[...spared].join(', ')}`);
  if (favours.length > 0) lines.push(`more of ${favours.join(', ')}`);
  if (isCrowd) lines.push('a crowd with few cards while networks are away');
  if (rest.hasGuests) lines.push('guests who pay on networks of their own');
  if (rest.isOdd) lines.push('networks of guests that say what cannot be');
  if (rest.hasWorker) lines.push('workers apart from their nodes');
  if (rest.changesSettings) lines.push('settings that change while nodes serve');
  if (rest.changesKeys) lines.push('keys of terminals and networks that change in service');
  return [...lines, `on ${day}`];
}
