import type { EndOfPayment } from '../check-model.ts';
import { HABITS } from '../peers/habits/all-habits.ts';
import type { RunResult } from '../run.ts';
import { faultWords } from './fault-words.ts';
import { meaningOf } from './invariant-words.ts';
import { familyOf, isStray, lettersOf, rowsOf } from './rows.ts';

// What a reader needs before and after the table: what is wrong, who was unkind, and how each payment ended for whom.

const IS_TRANSACTION = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

export interface Violated {
  readonly name: string;
  readonly says: string;
  readonly link: string;
  readonly what: readonly string[];
}

/** Each invariant once, with all that was found. */
export function violatedIn(result: RunResult): Violated[] {
  const { violations } = result;
  const names = [...new Set(violations.map(({ invariant }) => invariant))];
  return names.map((name) => ({
    name,
    ...meaningOf(name),
    what: violations.filter(({ invariant }) => invariant === name).map(({ what }) => lettered(what, result)),
  }));
}

/** The switch's own names of payments are nothing to a reader. */
function lettered(what: string, result: RunResult): string {
  const letters = lettersOf(result);
  return what.replace(IS_TRANSACTION, (transaction) => {
    const letter = letters.get(familyOf(result.numbers.get(transaction) ?? 0));
    return letter === undefined ? transaction : `${letter} (${transaction})`;
  });
}

/** For a reader who knows neither simulation nor switch. */
export const HOW_TO_READ =
  'Usually a payment goes so: the terminal asks, the switch writes down that it intends to ask, asks the network and the ' +
  'consensus, writes down what it decides, and answers. What has to be undone or told afterwards follows. Amounts are in ' +
  'minor units; whatever is about one payment ends in the same three digits, or the next few.';

/** What was unkind: faults, then habits, then what is so in every run. */
export function unkindIn(result: RunResult): string[] {
  const { faults, features } = result;
  const habits = HABITS.filter(({ name }) => features.habits.has(name));
  return [
    ...faults.map((fault) => `${seconds(fault.from)}–${seconds(fault.to)} s: ${faultWords(fault)}`),
    ...habits.map(({ name, says }) => `a peer ${says} (${name})`),
    ...(rowsOf(result).some(({ text }) => isStray(text))
      ? ['now and then a statement is long on its way to the database']
      : []),
  ];
}

/** How a payment ended: for its terminal, the network, the consensus and people, and what may be by the docs. */
export interface End {
  readonly payment: string;
  readonly terminal: string;
  readonly network: string;
  readonly proof: string;
  readonly seen: string;
  readonly allowed: string;
}

export const END_TITLES: Readonly<Record<keyof End, string>> = {
  payment: 'payment',
  terminal: 'its terminal was told',
  network: 'the network has',
  proof: 'proofs',
  seen: 'people see',
  allowed: 'the docs allow',
};

export function endsIn(result: RunResult): End[] {
  const letters = lettersOf(result);
  return result.ends.map((end) => {
    const { payment, network, proof, seen, allowed } = end;
    const letter = letters.get(familyOf(payment.number)) ?? '';
    const { kind, minorUnits, currency, id } = payment;
    return {
      payment: `${letter}: ${kind} of ${minorUnits} in ${currency}, ${id.replace(/ of \d+$/, '')}`,
      terminal: heardOf(end),
      network,
      proof,
      seen: seen.join(', ') || 'nothing',
      allowed: allowed.join(', or ') || 'no such answers',
    };
  });
}

function heardOf({ payment: { answer, later } }: EndOfPayment): string {
  const first = answer ? `${answer.code}${isYes(answer.code) ? ` for ${answer.minorUnits}` : ''}` : 'nothing';
  const others = later.map(({ kind, code, minorUnits }) => {
    const amount = minorUnits > 0 ? ` to ${minorUnits}` : '';
    return `${kind}${amount}: ${code ?? 'nothing'}`;
  });
  return [first, ...others].join('; ');
}

function isYes(code: string): boolean {
  return code === '00' || code === '10';
}

export function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}
