import type { StoredTransaction } from '../projection/transaction-row.ts';
import type { Difference } from './difference.ts';
import { ReconError } from './errors.ts';
import type { Standing } from './ledgers/records.ts';
import type { NetworkPair } from './network-side.ts';
import { expectedWitness, type ProofPair, witnessed } from './proof-side.ts';

/** What journal and ledger come to in one currency, minor units. */
export interface TotalsLine<Amounts> {
  /** The network, or 'proof of purchase'. */
  readonly ledger: string;
  /** ISO 4217 numeric. */
  readonly currency: string;
  readonly journal: Amounts;
  readonly counterpart: Amounts;
  /** What the differences that were found come to. */
  readonly explained: Amounts;
  /** Counterpart less journal less what is explained: nothing, unless the comparison itself is wrong. */
  readonly unexplained: Amounts;
}

export interface Compared<Pair> {
  readonly pair: Pair;
  readonly difference: Difference | undefined;
}

export interface Witness {
  readonly witnessed: number;
}

const PROOF_LEDGER = 'proof of purchase';

/**
 * Adds up both sides, one by one and not by what was found equal: so that the sum of the differences can be checked
 * against the difference of the sums.
 * @throws ReconError SW_RECON_TOO_LARGE where a sum is no longer exact
 */
export function networkTotals(compared: readonly Compared<NetworkPair>[]): TotalsLine<Standing>[] {
  const sheet = new Sheet<Standing>({ held: 0, captured: 0, refunded: 0 });
  for (const { pair, difference } of compared) {
    const { row, position, expected } = pair;
    const ledger = row?.network ?? position?.network ?? '';
    if (row) sheet.add(ledger, row.currency, 'journal', expected);
    if (position) sheet.add(ledger, position.currency, 'counterpart', position);
    if (!difference) continue;
    if (position) sheet.add(ledger, position.currency, 'explained', position);
    if (row) sheet.add(ledger, row.currency, 'explained', expected, -1);
  }
  return sheet.lines();
}

export function proofTotals(compared: readonly Compared<ProofPair>[]): TotalsLine<Witness>[] {
  const sheet = new Sheet<Witness>({ witnessed: 0 });
  const expected = (row: StoredTransaction) => ({ witnessed: expectedWitness(row) });
  for (const { pair, difference } of compared) {
    const { row, proof } = pair;
    if (row) sheet.add(PROOF_LEDGER, row.currency, 'journal', expected(row));
    if (proof) sheet.add(PROOF_LEDGER, proof.currency, 'counterpart', { witnessed: witnessed(proof) });
    if (!difference) continue;
    if (proof) sheet.add(PROOF_LEDGER, proof.currency, 'explained', { witnessed: witnessed(proof) });
    if (row) sheet.add(PROOF_LEDGER, row.currency, 'explained', expected(row), -1);
  }
  return sheet.lines();
}

export function isBalanced(lines: readonly TotalsLine<Standing | Witness>[]): boolean {
  return lines.every(({ unexplained }) => Object.values(unexplained).every((amount) => amount === 0));
}

type Column = 'journal' | 'counterpart' | 'explained';

class Sheet<Amounts extends object> {
  readonly #zero: Amounts;
  readonly #lines = new Map<string, { ledger: string; currency: string } & Record<Column, Amounts>>();

  constructor(zero: Amounts) {
    this.#zero = zero;
  }

  add(ledger: string, currency: string, column: Column, amounts: Amounts, sign: 1 | -1 = 1): void {
    const key = `${ledger}|${currency}`;
    const line = this.#lines.get(key) ?? {
      ...{ ledger, currency, journal: this.#zero, counterpart: this.#zero, explained: this.#zero },
    };
    line[column] = this.#sum([line[column], 1], [amounts, sign]);
    this.#lines.set(key, line);
  }

  lines(): TotalsLine<Amounts>[] {
    return [...this.#lines.values()]
      .map((line) => {
        const { journal, counterpart, explained } = line;
        return { ...line, unexplained: this.#sum([counterpart, 1], [journal, -1], [explained, -1]) };
      })
      .sort((a, b) => `${a.ledger}|${a.currency}`.localeCompare(`${b.ledger}|${b.currency}`));
  }

  #sum(...terms: readonly (readonly [Amounts, 1 | -1])[]): Amounts {
    const add = (name: string) => {
      const sum = terms.reduce(
        (total, [amounts, sign]) => total + sign * Number(Reflect.get(amounts, name)),
        0,
      );
      if (!Number.isSafeInteger(sum)) throw new ReconError('SW_RECON_TOO_LARGE', { account: name });
      return sum;
    };
    return Object.fromEntries(Object.keys(this.#zero).map((name) => [name, add(name)])) as Amounts;
  }
}
