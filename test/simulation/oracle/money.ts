import type { NetworkAccount } from '../peers/network-ledger.ts';
import type { Purchase } from '../peers/purchase.ts';
import type { Simulation } from '../simulation.ts';
import type { JournalView } from './journal-view.ts';

/** I1, I3, I4 on the network's side: what it holds is what terminals were told, to the minor unit. */
export function checkMoney(simulation: Simulation, journal: JournalView): void {
  const { world, workload, networkHost } = simulation;
  const accounts = accountsByPurchase(networkHost.ledger.accounts.values());
  const told = new Map<string, number>();
  const held = new Map<string, number>();
  for (const purchase of workload.purchases) {
    const name = nameOf(purchase);
    const own = accounts.get(name) ?? [];
    accounts.delete(name);
    checkPurchase(purchase, own, simulation, journal);
    const { currency } = purchase.order;
    const isSeen = isInHands(name, journal);
    if (isSeen) continue;
    add(told, currency, toldAmount(purchase, journal));
    for (const account of own) add(held, currency, account.held);
  }
  for (const [name] of accounts)
    world.violate('I4 conservation', `the network knows ${name}, no terminal asked`);
  for (const currency of new Set([...told.keys(), ...held.keys()])) {
    const [terminals, network] = [told.get(currency) ?? 0, held.get(currency) ?? 0];
    if (terminals === network) continue;
    world.violate(
      'I4 conservation',
      `in ${currency} terminals count ${terminals}, the network holds ${network}`,
    );
  }
}

function checkPurchase(
  purchase: Purchase,
  accounts: readonly NetworkAccount[],
  { world }: Simulation,
  journal: JournalView,
): void {
  const name = nameOf(purchase);
  const holding = accounts.filter(({ held }) => held > 0);
  const authorised = accounts.filter(({ approved, isReversed }) => approved > 0 && !isReversed);
  const heldAmount = holding.reduce((sum, { held }) => sum + held, 0);
  if (authorised.length > 1) {
    world.violate('I3 one effect', `the network authorised ${name} ${authorised.length} times`);
  }
  if (purchase.order.brokenMac && accounts.length > 0) {
    world.violate('I10 fail closed', `${name} reached the network although its MAC is wrong`);
  }
  const wrongHands = holding.find(
    ({ pan, currency }) => pan !== purchase.order.pan || currency !== purchase.order.currency,
  );
  if (wrongHands) world.violate('I3 one effect', `${name} was charged to another card or currency`);
  if (purchase.belief === 'approved') checkApproved(purchase, heldAmount, world, journal);
  const mustBeFree = purchase.belief === 'declined' || purchase.belief === 'reversed';
  if (mustBeFree && heldAmount > 0 && !isInHands(name, journal)) {
    world.violate('I1 agreement', `${name} was ${purchase.belief}, the network holds ${heldAmount}`);
  }
}

function checkApproved(
  purchase: Purchase,
  heldAmount: number,
  world: Simulation['world'],
  journal: JournalView,
): void {
  const name = nameOf(purchase);
  const amount = purchase.told[0]?.amount ?? 0;
  const transaction = journal.byPurchase.get(name);
  if (heldAmount !== amount && !isInHands(name, journal)) {
    world.violate('I1 agreement', `${name} was approved for ${amount}, the network holds ${heldAmount}`);
  }
  if (transaction?.state !== 'approved' && transaction?.state !== 'captured') {
    world.violate('I10 fail closed', `${name} was approved, the journal has no such decision`);
  }
}

/** Parked, or a case: people see it. */
function isInHands(name: string, journal: JournalView): boolean {
  const transaction = journal.byPurchase.get(name);
  if (!transaction) return false;
  const { id, cases } = transaction;
  const isParked = ['reverse-network', 'advise-network'].some((task) => journal.parked.has(`${task} ${id}`));
  return isParked || cases.includes('reversal-refused') || cases.includes('advice-refused');
}

/** Of a purchase whose terminal never heard, the journal's answer counts: a repeat would get it. */
function toldAmount(purchase: Purchase, journal: JournalView): number {
  if (purchase.belief === 'approved') return purchase.told[0]?.amount ?? 0;
  if (purchase.belief !== 'unknown') return 0;
  return journal.byPurchase.get(nameOf(purchase))?.standingMinorUnits ?? 0;
}

export function nameOf({ id, order }: Purchase): string {
  return `${id} ${order.amount}`;
}

function accountsByPurchase(accounts: Iterable<NetworkAccount>): Map<string, NetworkAccount[]> {
  const byPurchase = new Map<string, NetworkAccount[]>();
  for (const account of accounts) {
    const name = `${account.terminal}/${account.stan} ${account.amount}`;
    const known = byPurchase.get(name);
    if (known) known.push(account);
    else byPurchase.set(name, [account]);
  }
  return byPurchase;
}

function add(sums: Map<string, number>, currency: string, amount: number): void {
  sums.set(currency, (sums.get(currency) ?? 0) + amount);
}
