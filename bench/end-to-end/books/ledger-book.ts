import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { NetworkRow, PopRow } from '../../../simulators/index.ts';

/** What a peer's ledger says stands, in minor units, by the key that the switch and the peer share. */
export type Standing = ReadonlyMap<string, number>;

/** Where the ledgers of the peers lie, and how long they were when the case began. */
export interface LedgerMark {
  readonly file: string;
  readonly from: number;
}

export function markOf(file: string): LedgerMark {
  return { file, from: statSync(file, { throwIfNoEntry: false })?.size ?? 0 };
}

/** By terminal and trace number (DE41, DE11) as the network is told it: the switch's own. */
export function networkKey(terminal: string, stan: string): string {
  return `${terminal.trimEnd()}|${stan}`;
}

/** By `networkKey`. What was set aside or taken, less what was given back. */
export async function networkStanding(marks: readonly LedgerMark[]): Promise<Standing> {
  const standing = new Map<string, number>();
  for (const mark of marks) {
    for await (const { terminal, stan, original, moves } of rowsSince<NetworkRow>(mark)) {
      const key = networkKey(terminal, original?.stan ?? stan);
      const moved = (moves?.held ?? 0) + (moves?.captured ?? 0) - (moves?.refunded ?? 0);
      standing.set(key, (standing.get(key) ?? 0) + moved);
    }
  }
  return standing;
}

/** By transaction: what is proven for ever. */
export async function popStanding(mark: LedgerMark): Promise<Standing> {
  const standing = new Map<string, number>();
  for await (const { kind, transactionId, amount } of rowsSince<PopRow>(mark)) {
    if (kind === 'validated') standing.set(transactionId, (standing.get(transactionId) ?? 0) + amount);
  }
  return standing;
}

async function* rowsSince<Row>({ file, from }: LedgerMark): AsyncGenerator<Row> {
  for await (const line of createInterface({ input: createReadStream(file, { start: from }) })) {
    if (line !== '') yield JSON.parse(line) as Row;
  }
}
