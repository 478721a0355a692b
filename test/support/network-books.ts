/**
 * The ledgers of the simulated networks, in the words of terminals. A network knows payments by the switch's numbers; a
 * test knows them by what its terminal sent. The journal has both, so each row of a ledger is told with the STAN and
 * RRN of its terminal. What the journal does not know stays as the network has it.
 */
import { Client } from 'pg';
import type { iso87Control, visaControl } from '../../simulators/index.ts';
import { bodyOf } from '../../switch/journal/body-form.ts';
import { asNetworkKnows, type KeptFacts } from '../../switch/transaction/network-facts.ts';

type Control = ReturnType<typeof visaControl> & ReturnType<typeof iso87Control>;
type Page = Awaited<ReturnType<Control['ledger']>>;
type Row = Page['rows'][number];
type Numbers = Pick<KeptFacts, 'stan' | 'rrn'>;

const OPENINGS = `select transaction, kind, body from switch.journal
  where kind in ('intended', 'offline-approved', 'increment-intended')`;

/** The same control, whose ledger is asked and answers with terminals' numbers. */
export function asTerminalsKnow<C extends Control>(control: C, network: string, databaseUrl: string): C {
  return {
    ...control,
    async ledger({ stan, rrn, ...where }: Parameters<Control['ledger']>[0] = {}): Promise<Page> {
      const page = await control.ledger(where);
      const known = await numbersOfTerminals(network, databaseUrl).catch(() => new Map<string, Numbers>());
      const rows = page.rows.map((row) => told(row, known));
      const isAsked = (row: Row) =>
        (stan === undefined || row.stan === stan) && (rrn === undefined || row.rrn === rrn);
      return { ...page, rows: rows.filter(isAsked) };
    },
  };
}

/** By RRN and STAN as a network knows them. Each network has numbers of its own, so another's are left out. */
async function numbersOfTerminals(network: string, databaseUrl: string): Promise<Map<string, Numbers>> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ transaction: string; kind: string; body: unknown }>(OPENINGS);
    const openings = rows.map(({ transaction, kind, body }) => {
      const { facts, network: asked } = bodyOf(kind, body, transaction) as {
        facts: KeptFacts;
        network?: string;
      };
      return { transaction, facts, asked };
    });
    const here = new Set(openings.filter(({ asked }) => asked === network).map((each) => each.transaction));
    return new Map(
      openings
        .filter(({ transaction }) => here.has(transaction))
        .map(({ facts }) => {
          const { rrn, stan } = asNetworkKnows(facts);
          return [`${rrn}|${stan}`, { rrn: facts.rrn.trimEnd(), stan: facts.stan }];
        }),
    );
  } finally {
    await client.end();
  }
}

/** A reversal is told by what it takes back: its own number is of no terminal. */
function told(row: Row, known: ReadonlyMap<string, Numbers>): Row {
  const numbers = known.get(`${row.rrn}|${row.original?.stan ?? row.stan}`);
  if (!numbers) return row;
  const original = row.original && { original: { ...row.original, stan: numbers.stan } };
  return { ...row, ...numbers, ...original };
}
