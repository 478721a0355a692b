import { foldTransaction } from '../../switch/transaction/fold.ts';
import type { GuestNetwork } from '../faults.ts';
import { nameOfAccount } from '../peers/names.ts';
import type { Simulation } from '../simulation.ts';
import type { Tables } from '../world/database-tables.ts';
import { wrongCardData } from './card-data.ts';
import { GUEST_CARDS } from './guest-settings.ts';
import { Overtaken } from './overtaken.ts';
import { checkCounters } from './own-ways.ts';
import type { Shopping } from './shopping.ts';
import type { Stay, StayBooks } from './stay.ts';

type Guest = Stay | Shopping | Overtaken;

const THOUSAND = 1_000;
const IN_STEAD = /^S/;
const SIDES = ['held', 'captured', 'refunded'] as const;
/** What a scheme allows beyond what was authorised, at most. */
const MOST_BEYOND = 1.2;

/** I1 and I4 of guests: what their networks hold, took and gave is what their shops count, to the minor unit. */
export function checkGuests({ world, guests, inbox, database, proofs }: Simulation): void {
  inbox?.check(database.tables);
  if (!guests) return;
  checkCounters(
    guests.stays.flatMap(({ payments }) => payments),
    world,
  );
  const inHands = numbersInHands(database.tables);
  for (const stay of guests.stays) {
    const { number } = stay.order;
    const { books } = stay;
    checkStandIn(stay, world);
    for (const what of stay.seen) world.sometimes(`guests: ${what}`);
    // What came before its advice may be a case: no money may move all the same.
    const isInHands = inHands.has(number) && !(stay instanceof Overtaken);
    if (isInHands || stay.isUnknown) continue;
    const network = networkOf(stay);
    const names = new Set(stay.payments.map(({ accountName }) => accountName));
    const accounts = [...guests.hosts[network].ledger.accounts.values()].filter((account) =>
      names.has(nameOfAccount(account)),
    );
    for (const side of SIDES) {
      const found = accounts.reduce((sum, account) => sum + account[side], 0);
      if (found === books[side]) continue;
      const what = `stay ${number} counts ${books[side]} ${side}, ${network} has ${found}`;
      world.violate('I1 agreement', what);
    }
    for (const what of stay.takenInError) {
      world.violate('I4 conservation', `stay ${number}: ${what} was accepted`);
    }
    checkLimit(stay, books, world);
    checkProof(stay, books, proofs.proofs, world);
  }
}

/** Nobody is believed in an issuer's stead whose PIN is wrong, nor a card that its issuer would refuse. */
function checkStandIn({ payments }: Guest, world: Simulation['world']): void {
  for (const { order, message, approvalCode = '', id } of payments) {
    if (!IN_STEAD.test(approvalCode)) continue;
    world.sometimes(order.withPin ? 'guests: stood in for with a PIN' : 'guests: stood in for');
    const wrong = order.withPin && order.wrongPin ? 'a wrong PIN' : wrongCardData(message);
    if (wrong) world.violate('I10 fail closed', `${id} was stood in for with ${wrong}`);
  }
}

function checkLimit(stay: Guest, { captured }: StayBooks, world: Simulation['world']): void {
  const most = Math.floor(stay.authorised * MOST_BEYOND) + THOUSAND;
  if (captured <= most) return;
  world.violate('I4 conservation', `stay ${stay.order.number}: ${captured} taken of ${stay.authorised}`);
}

/** Only the hotel is enrolled. Of what is billed in parts the last bill begins the proof. */
function checkProof(
  stay: Guest,
  { captured }: StayBooks,
  proofs: Simulation['proofs']['proofs'],
  world: Simulation['world'],
): void {
  const own = proofs.filter(({ amount }) => amount % THOUSAND === stay.order.number);
  const standing = own.filter(({ status }) => status === 'VALIDATED').map(({ amount }) => amount);
  if (standing.length > 1) {
    world.violate('I3 one effect', `stay ${stay.order.number} has ${standing.length} proofs`);
  }
  if (stay.isInParts) return;
  const [witnessed = 0] = standing;
  const isRight = witnessed === captured || (witnessed === 0 && own.length === 0);
  if (!isRight) {
    const what = `stay ${stay.order.number} took ${captured}, a proof of ${witnessed} stands`;
    world.violate('I1 agreement', what);
  }
}

function networkOf({ order }: Guest): GuestNetwork {
  const names = Object.keys(GUEST_CARDS) as GuestNetwork[];
  return names.find((name) => GUEST_CARDS[name] === order.pan) ?? 'plain';
}

/** Of transactions with a case or a parked follow-up: people see them. */
function numbersInHands(tables: Tables): Set<number> {
  const ofMoney = tables.parked.filter(({ job }) => job.task !== 'notify');
  const parked = new Set(ofMoney.map(({ job }) => job.transaction));
  const numbers = new Set<number>();
  for (const id of tables.journal.keys()) {
    const folded = foldTransaction(tables.history(id));
    if (!folded || (folded.cases.length === 0 && !parked.has(id))) continue;
    const minorUnits = amountOf(tables.history(id)[0]?.body);
    if (minorUnits !== undefined) numbers.add(minorUnits % THOUSAND);
  }
  return numbers;
}

/** Of a payment, or of the reversal of one that nobody knows. */
function amountOf(body: unknown): number | undefined {
  const { facts, amount } = body as { facts?: { amount?: Money }; amount?: Money };
  return (facts?.amount ?? amount)?.minorUnits;
}

interface Money {
  readonly minorUnits: number;
}
