import type { NetworkName } from '../faults.ts';
import { nameOfAccount } from '../peers/names.ts';
import { type NetworkAccount, standsAt } from '../peers/network-ledger.ts';
import type { Payment } from '../peers/payment.ts';
import type { Side } from '../peers/services.ts';
import type { Simulation } from '../simulation.ts';
import { type Expectation, expectationOf, isInHands, networkOf } from './expectation.ts';
import type { JournalView } from './journal-view.ts';

const SIDES: readonly Side[] = ['held', 'captured', 'refunded'];
const BOTH: readonly NetworkName[] = ['visa', 'iso87'];

type Books = ReadonlyMap<NetworkName, Map<string, NetworkAccount[]>>;

/** I1, I3, I4 on the networks' side: what they hold, took and gave is what terminals were told, to the minor unit. */
export function checkMoney(simulation: Simulation, journal: JournalView): void {
  const { world, workload, networks } = simulation;
  const books: Books = new Map(
    BOTH.map((name) => [name, accountsByName(networks[name].ledger.accounts.values())]),
  );
  const sums = new Sums();
  for (const name of journal.twice) world.violate('I3 one effect', `the journal has ${name} twice`);
  for (const payment of workload.payments) {
    const network = networkOf(payment);
    const own = (books.get(network)?.get(payment.accountName) ?? []).filter(
      // Two inquiries of one second have the same name: they differ by card or currency, and move nothing.
      ({ amount, pan, currency }) =>
        amount > 0 || (pan === payment.order.pan && currency === payment.order.currency),
    );
    checkAccounts(payment, own, world);
    checkApproved(payment, world, journal);
    if (isInHands(payment, journal)) continue;
    const expected = expectationOf(payment, journal);
    compare(payment, own, expected, world);
    sums.add(payment, network, own, expected);
    checkRefunds(payment, own, books, simulation, journal);
  }
  sums.check(world);
  const asked = new Set(workload.payments.map((payment) => `${networkOf(payment)} ${payment.accountName}`));
  for (const [network, accounts] of books) {
    for (const name of accounts.keys()) {
      if (asked.has(`${network} ${name}`)) continue;
      world.violate('I4 conservation', `${network} knows ${name}, no terminal asked`);
    }
  }
}

/** Whatever terminals believe: one authorisation, of the right card, never taken further than it goes. */
function checkAccounts(
  { name, order }: Payment,
  accounts: readonly NetworkAccount[],
  world: Simulation['world'],
) {
  const authorised = accounts.filter(({ approved, isReversed }) => approved > 0 && !isReversed);
  if (authorised.length > 1) {
    world.violate('I3 one effect', `the network authorised ${name} ${authorised.length} times`);
  }
  if (order.brokenMac && accounts.length > 0) {
    world.violate('I10 fail closed', `${name} reached the network although its MAC is wrong`);
  }
  for (const account of accounts) {
    if (account.pan !== order.pan || account.currency !== order.currency) {
      world.violate('I3 one effect', `${name} was charged to another card or currency`);
    }
    if (standsAt(account) > (account.adjusted ?? account.approved)) {
      const what = `${standsAt(account)} of ${account.approved} authorised`;
      world.violate('I4 conservation', `the network took more of ${name} than it may: ${what}`);
    }
  }
}

function compare(
  { name, belief }: Payment,
  accounts: readonly NetworkAccount[],
  expected: Expectation,
  world: Simulation['world'],
): void {
  for (const side of SIDES) {
    const minorUnits = side === expected.side ? expected.minorUnits : 0;
    const found = accounts.reduce((sum, account) => sum + account[side], 0);
    if (found === minorUnits) continue;
    world.violate('I1 agreement', `${name} is ${belief}, ${minorUnits} ${side}; the network has ${found}`);
  }
}

function checkApproved({ belief, name }: Payment, world: Simulation['world'], journal: JournalView): void {
  const state = journal.byPayment.get(name)?.state;
  if (belief !== 'approved' || state === 'approved' || state === 'captured' || state === 'taken-back') return;
  world.violate('I10 fail closed', `${name} was approved, the journal has no such decision`);
}

/** What was given back of a payment is never more than what was taken for it. */
function checkRefunds(
  { name, refunds }: Payment,
  own: readonly NetworkAccount[],
  books: Books,
  { world }: Simulation,
  journal: JournalView,
): void {
  if (refunds.length === 0 || refunds.some((refund) => isInHands(refund, journal))) return;
  const given = refunds.flatMap((refund) => books.get(networkOf(refund))?.get(refund.accountName) ?? []);
  const refunded = given.reduce((sum, account) => sum + account.refunded, 0);
  const captured = own.reduce((sum, account) => sum + account.captured, 0);
  if (refunded > captured) {
    world.violate('I4 conservation', `${refunded} of ${name} was refunded, ${captured} captured`);
  }
}

/** Per network, currency, kind and side: what terminals count, and what the network does. */
class Sums {
  readonly #sums = new Map<string, { terminals: number; network: number }>();

  add(
    { order }: Payment,
    network: NetworkName,
    accounts: readonly NetworkAccount[],
    expected: Expectation,
  ): void {
    for (const side of SIDES) {
      const key = `${network} ${order.currency} ${order.kind} ${side}`;
      const sum = this.#sums.get(key) ?? { terminals: 0, network: 0 };
      if (side === expected.side) sum.terminals += expected.minorUnits;
      for (const account of accounts) sum.network += account[side];
      this.#sums.set(key, sum);
    }
  }

  check(world: Simulation['world']): void {
    for (const [key, { terminals, network }] of this.#sums) {
      if (terminals === network) continue;
      world.violate('I4 conservation', `${key}: terminals count ${terminals}, the network ${network}`);
    }
  }
}

function accountsByName(accounts: Iterable<NetworkAccount>): Map<string, NetworkAccount[]> {
  const byName = new Map<string, NetworkAccount[]>();
  for (const account of accounts) {
    const name = nameOfAccount(account);
    byName.set(name, [...(byName.get(name) ?? []), account]);
  }
  return byName;
}
