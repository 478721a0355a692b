import { nameOfRequest } from '../peers/names.ts';
import type { Payment } from '../peers/payment.ts';
import { isYes } from '../peers/services.ts';
import type { Simulation } from '../simulation.ts';
import { networkOf } from './expectation.ts';

const IN_PART = '10';
const UNREACHABLE = '91';
const DUPLICATE = '94';
/** What the switch approved in an issuer's stead has an approval code of its own. */
const IN_STEAD = /^S/;

/**
 * I3 and I10 of numbers: nobody is given a retrieval reference that another payment of its merchant has, no number of
 * ours makes a network take a sale for a duplicate, what could not be said to a network is nobody's absence, and a
 * reversal names the amount that was approved.
 */
export function checkNumbers(simulation: Simulation): void {
  const { world, workload } = simulation;
  const given = new Map<string, string>();
  for (const payment of workload.payments) {
    for (const problem of problemsOf(payment, simulation)) {
      world.violate('I3 one effect', `${payment.name} ${problem}`);
    }
    const reference = givenReference(payment);
    const other = reference === undefined ? undefined : given.get(reference);
    if (other !== undefined) {
      world.violate('I3 one effect', `${payment.id} and ${other} are both ${reference}`);
    }
    if (reference !== undefined) given.set(reference, payment.id);
  }
}

/** Merchant and retrieval reference, where the terminal did not give it itself. */
function givenReference({ terminal, message, order, told: [first] }: Payment): string | undefined {
  const isOwn = message.de37 !== undefined && !order.refersTo;
  if (isOwn || !first?.rrn || !isYes(order.kind, first.code)) return undefined;
  const { listener, merchant } = terminal.settings;
  const acquirer = listener.mac === 'required' ? '' : listener.acquirer;
  return `${first.rrn} of ${acquirer}/${merchant}`;
}

function problemsOf(payment: Payment, { networks, nodes }: Simulation): string[] {
  const { terminal, order, told, approvalCode = '' } = payment;
  const { reversals, notAsked } = networks[networkOf(payment)];
  const problems: string[] = [];
  if (told.some(({ code }) => code === DUPLICATE)) problems.push('was refused as a duplicate, and is none');

  if (notAsked.has(nameOfRequest(payment.numbers, order.pan))) {
    if (IN_STEAD.test(approvalCode)) problems.push('was stood in for, though its network was there');
    // What its node did not live to decide is closed as unknown by the next.
    const isDecided = nodes.every(({ lives }) => lives === 1);
    if (isDecided && told.some(({ code }) => code === UNREACHABLE)) {
      problems.push('was told 91 for a fault of our own');
    }
  }

  const inPart = told.find(({ code }) => code === IN_PART);
  const named = reversals.find(
    ({ at, terminal: of, minorUnits }) =>
      inPart !== undefined && at > inPart.at && of === terminal.settings.id && minorUnits === order.amount,
  );
  if (named) problems.push(`is reversed by ${named.minorUnits}, and ${inPart?.amount} was approved`);
  return problems;
}
