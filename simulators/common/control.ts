import { SimulatorError } from '../errors.ts';
import type { HttpRoute } from './http.ts';
import type { Ledger, LedgerRow } from './ledger.ts';
import type { ScenarioBook, ScenarioRule } from './scenario.ts';
import type { Totals } from './tally.ts';

const MAX_ROWS = 1_000_000;

/** What `GET /ledger` answers: totals of all, and the rows that the query's fields select. */
export interface LedgerPage<Row> {
  totals: Totals;
  rows: Row[];
}

export interface Controlled<Kind extends string, Scenario, Row extends LedgerRow> {
  ledger: Ledger<Row>;
  /** What all rows amount to. */
  summary(): { totals: Totals };
  scenarios: ScenarioBook<Kind, Scenario>;
  /** Checks the body of `POST /scenarios`. */
  rule(body: unknown): ScenarioRule<Kind, Scenario>;
  health(): Record<string, unknown>;
}

/** The routes that every simulator's control port has. */
export function controlRoutes<Kind extends string, Scenario, Row extends LedgerRow>(
  simulator: Controlled<Kind, Scenario, Row>,
): HttpRoute[] {
  const shownRules = () =>
    simulator.scenarios.rules().map(({ subject, ...rule }) => ({
      ...rule,
      ...(subject ? { subject: subject.label } : {}),
    }));

  return [
    {
      method: 'GET',
      path: '/health',
      handle: () => ({ status: 200, json: { status: 'up', ...simulator.health() } }),
    },
    { method: 'GET', path: '/scenarios', handle: () => ({ status: 200, json: shownRules() }) },
    {
      method: 'POST',
      path: '/scenarios',
      handle({ body }) {
        simulator.scenarios.set(simulator.rule(body));
        return { status: 200, json: shownRules() };
      },
    },
    {
      method: 'DELETE',
      path: '/scenarios',
      handle() {
        simulator.scenarios.reset();
        return { status: 200, json: shownRules() };
      },
    },
    {
      method: 'GET',
      path: '/ledger',
      async handle({ query }) {
        const select = selection(query);
        const page: LedgerPage<Row> = {
          rows: select(await simulator.ledger.rows()),
          ...simulator.summary(),
        };
        return { status: 200, json: page };
      },
    },
  ];
}

/** `?field=value` keeps the rows whose field reads so; `limit` keeps the latest N of them. */
function selection(query: URLSearchParams) {
  const limitText = query.get('limit') ?? String(MAX_ROWS);
  const limit = /^\d{1,7}$/.test(limitText) ? Number(limitText) : 0;
  if (limit < 1 || limit > MAX_ROWS) {
    throw new SimulatorError('SIM_HTTP_QUERY_INVALID', { parameter: 'limit', expected: `1 to ${MAX_ROWS}` });
  }
  const wanted = [...query].filter(([field]) => field !== 'limit');
  return <Row extends LedgerRow>(rows: Row[]): Row[] =>
    rows
      .filter((row) => wanted.every(([field, value]) => String(Reflect.get(row, field) ?? '') === value))
      .slice(-limit);
}
