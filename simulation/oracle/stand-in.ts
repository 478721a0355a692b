import { LISTED_CARDS } from '../orders.ts';
import { nameOfAccount } from '../peers/names.ts';
import type { Payment } from '../peers/payment.ts';
import { MERCHANTS, STAND_IN } from '../settings.ts';
import type { Simulation } from '../simulation.ts';
import { networkOf } from './expectation.ts';

/** What the switch approved in an issuer's stead has an approval code of its own. */
const IN_STEAD = /^S/;
/** A purchase that begins so shortly before midnight may count for either day. */
const LAST_SECONDS = '235957';

interface Count {
  count: number;
  minorUnits: number;
}

/** What was approved while a network was unreachable: only what may be, and within the limits of card and merchant. */
export function checkStandIn(simulation: Simulation): void {
  const { world, workload, networks } = simulation;
  const hasClockStep = simulation.faults.faults.some(({ kind }) => kind === 'clock step');
  const counts = new Map<string, Count>();
  for (const payment of workload.payments) {
    const accounts = [...networks[networkOf(payment)].ledger.accounts.values()];
    const account = accounts.find(
      (one) => nameOfAccount(one) === payment.accountName && IN_STEAD.test(one.approvalCode),
    );
    if (!account && !IN_STEAD.test(payment.approvalCode ?? '')) continue;
    const problem = problemOf(payment);
    if (problem) world.violate('I10 fail closed', `${payment.name} was stood in for: ${problem}`);
    const day = account?.time.slice(0, 4);
    if (!account || hasClockStep || account.time.slice(4) >= LAST_SECONDS) continue;
    const { pan, currency, amount } = payment.order;
    count(counts, `card|${pan}|${currency}|${day}`, amount);
    count(counts, `merchant|${payment.terminal.settings.merchant}|${currency}|${day}`, amount);
  }
  for (const [key, used] of counts) {
    const limit = limitOf(key);
    if (limit && used.count <= limit.count && used.minorUnits <= limit.minorUnits) continue;
    world.violate(
      'I10 fail closed',
      `stand-in beyond the limit of ${key}: ${used.minorUnits} in ${used.count}`,
    );
  }
}

function problemOf({ order, terminal }: Payment): string | undefined {
  const merchant = MERCHANTS.find(({ id }) => id === terminal.settings.merchant);
  const agreed = merchant?.standIn?.find(({ currency }) => currency === order.currency);
  if (order.kind !== 'purchase') return `a ${order.kind} is not stood in for`;
  if (!agreed) return 'the merchant has no stand-in in this currency';
  if (order.withPin) return 'its PIN cannot be verified';
  if (order.amount > agreed.floorMinorUnits) return 'it is above the floor limit';
  return LISTED_CARDS.includes(order.pan) ? 'its card is on the negative list' : undefined;
}

function limitOf(key: string): Count | undefined {
  const [whose, name, wanted] = key.split('|');
  const limits =
    whose === 'card'
      ? STAND_IN.issuers.find(({ from }) => name?.startsWith(from))?.perCardDay
      : MERCHANTS.find(({ id }) => id === name)?.standIn;
  return limits?.find(({ currency }) => currency === wanted);
}

function count(counts: Map<string, Count>, key: string, minorUnits: number): void {
  const before = counts.get(key) ?? { count: 0, minorUnits: 0 };
  counts.set(key, { count: before.count + 1, minorUnits: before.minorUnits + minorUnits });
}
