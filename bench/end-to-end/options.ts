import { parseArgs } from 'node:util';
import { OptionError } from '../option-error.ts';

/** So many purchases until V8 has compiled what is hot and PostgreSQL has planned: figures fall until then. */
const WARM_UP = { rate: 1_000, seconds: 15 };

/** What a run is asked for. */
export interface Options {
  readonly json: boolean;
  /** Names of the only cases to run; empty: all. */
  readonly cases: readonly string[];
  readonly seconds: number;
  readonly rates: readonly number[];
  readonly terminals: readonly number[];
  /** Whether capacity is searched for, with the cases that depend on it. */
  readonly hasSearch: boolean;
  readonly hasBare: boolean;
  readonly blockMs: number;
  /** Before anything is measured. */
  readonly warmUp: { readonly rate: number; readonly seconds: number };
  readonly save: boolean;
}

export const OPTIONS_HELP = `npm run bench -- end-to-end [options]

Starts the real system (PostgreSQL, SoftHSM token, HSM process, simulators, switch, worker), offers purchases with PIN
and MAC at steady rates, waits until their follow-ups are done, compares all books, and says what a purchase costs.

  --rates 500,2000      purchases a second                                (50,500,1000,2000)
  --terminals 10,1000   terminals, each with its connection and its keys  (10,1000)
  --seconds N           how long each rate is offered                     (20)
  --case NAME           only this case, as often as you like; one of:
                        rates, capacity, "twice capacity", "five times capacity", "one core"
  --block-ms N          time between two blocks of the consensus          (2000)
  --no-bare             without the bare floor: no ratio
  --quick               10 terminals, 100/s for 2 s, no search: in less than 30 s
  --save                keep the run under bench/results/
  --json                one JSON row a line instead of a table

Exit code 1 where any book differs from another, or follow-ups do not come to an end.

Example: npm run bench -- end-to-end --rates 500 --terminals 10 --seconds 5`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  case: { type: 'string', multiple: true },
  seconds: { type: 'string' },
  rates: { type: 'string' },
  terminals: { type: 'string' },
  'block-ms': { type: 'string' },
  'no-bare': { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  save: { type: 'boolean', default: false },
} as const;

export const CASE_NAMES = ['rates', 'capacity', 'twice capacity', 'five times capacity', 'one core'] as const;

/** @throws {OptionError} with what is wrong, for the caller to print */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
  const { quick } = values;
  for (const name of values.case ?? []) {
    if (!CASE_NAMES.some((known) => known === name)) {
      throw new OptionError(`there is no case "${name}": ${CASE_NAMES.join(', ')}`);
    }
  }
  return {
    json: values.json,
    save: values.save,
    cases: values.case ?? (quick ? ['rates'] : []),
    seconds: numbers('seconds', values.seconds ?? (quick ? '2' : '20'), 600)[0] ?? 0,
    rates: numbers('rates', values.rates ?? (quick ? '100' : '50,500,1000,2000'), 20_000),
    terminals: numbers('terminals', values.terminals ?? (quick ? '10' : '10,1000'), 9_999),
    hasSearch: !quick,
    hasBare: !values['no-bare'] && !quick,
    blockMs: numbers('block-ms', values['block-ms'] ?? (quick ? '200' : '2000'), 60_000)[0] ?? 0,
    warmUp: quick ? { rate: 100, seconds: 1 } : WARM_UP,
  };
}

function numbers(name: string, text: string, most: number): number[] {
  const values = text.split(',').map(Number);
  if (values.every((value) => Number.isInteger(value) && value >= 1 && value <= most)) return values;
  throw new OptionError(`--${name} is whole numbers from 1 to ${most}, separated by commas`);
}
