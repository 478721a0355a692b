import { GUEST_CARDS } from '../guests/guest-settings.ts';
import { FIRST_GUEST_NUMBER } from '../guests/guests.ts';
import type { RunResult } from '../run.ts';
import type { Line } from '../world/world.ts';

// Guests, their networks and the keys of both are in a run that failed among them and not without them: mostly because
// they move its moments by a little. Where nothing that was violated is about them, a reader has nothing of them, and
// of a story of four hundred lines thirty are about the payment.

const NETWORKS: ReadonlySet<string> = new Set(Object.keys(GUEST_CARDS));
/** Terminals of guests, who speaks to merchants and operators, and who says what makes no sense. */
const IS_GUEST = /^(GUEST|merchants|operators|rubbish|somebody)/;
/** What a node logs of keys, notices and guests' networks. */
const IS_OF_GUESTS = new RegExp(
  `"event":"(keys|notice|alert)\\.|"(link|network)":"(${Object.keys(GUEST_CARDS).join('|')})"`,
);
const THOUSAND = 1_000;

/** The timeline without those whom nothing that was violated is about. */
export function withoutBystanders(result: RunResult): readonly Line[] {
  const { timeline, violations, numbers } = result;
  const isAboutGuests = violations.some(({ what }) => isOfGuests(what, numbers));
  return isAboutGuests ? timeline : timeline.filter((line) => !isBystander(line));
}

function isOfGuests(what: string, numbers: RunResult['numbers']): boolean {
  if (/\bstay \d|GUEST/.test(what)) return true;
  return [...numbers].some(([transaction, number]) => isGuestNumber(number) && what.includes(transaction));
}

function isBystander({ actor, what, about }: Line): boolean {
  if (NETWORKS.has(actor) || IS_GUEST.test(actor) || IS_OF_GUESTS.test(what)) return true;
  const number = about ?? Number(/\bof (\d{4,})/.exec(what)?.[1] ?? 0);
  return isGuestNumber(number % THOUSAND);
}

function isGuestNumber(number: number): boolean {
  return number >= FIRST_GUEST_NUMBER;
}
