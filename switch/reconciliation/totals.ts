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
  const sheet = new Sheet<Standing>(['held', 'captured', 'refunded']);
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
  const sheet = new Sheet<Witness>(['witnessed']);
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
type Accounts<Amounts> = Readonly<Record<keyof Amounts, number>>;

/** Adds amounts up in place: a day has many, and every one of them comes by twice. */
class Sheet<Amounts extends Accounts<Amounts>> {
  readonly #accounts: readonly (keyof Amounts & string)[];
  readonly #lines = new Map<string, { ledger: string; currency: string } & Record<Column, Amounts>>();

  constructor(accounts: readonly (keyof Amounts & string)[]) {
    this.#accounts = accounts;
  }

  add(ledger: string, currency: string, column: Column, amounts: Amounts, sign: 1 | -1 = 1): void {
    const key = `${ledger}|${currency}`;
    let line = this.#lines.get(key);
    if (!line) {
      const [journal, counterpart, explained] = [this.#nothing(), this.#nothing(), this.#nothing()];
      line = { ledger, currency, journal, counterpart, explained };
      this.#lines.set(key, line);
    }
    this.#addTo(line[column], amounts, sign);
  }

  lines(): TotalsLine<Amounts>[] {
    return [...this.#lines.values()]
      .map((line) => {
        const unexplained = this.#nothing();
        this.#addTo(unexplained, line.counterpart, 1);
        this.#addTo(unexplained, line.journal, -1);
        this.#addTo(unexplained, line.explained, -1);
        return { ...line, unexplained };
      })
      .sort((a, b) => `${a.ledger}|${a.currency}`.localeCompare(`${b.ledger}|${b.currency}`));
  }

  #nothing(): Amounts {
    return Object.fromEntries(this.#accounts.map((account) => [account, 0])) as Amounts;
  }

  #addTo(sums: Record<keyof Amounts, number>, amounts: Amounts, sign: 1 | -1): void {
    for (const account of this.#accounts) {
      sums[account] += sign * amounts[account];
      if (!Number.isSafeInteger(sums[account])) throw new ReconError('SW_RECON_TOO_LARGE', { account });
    }
  }
}
