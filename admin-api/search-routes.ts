import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { AdminError } from './errors.ts';

/** What a payment may be looked for by; times in RFC 3339, the amount in minor units. */
export const SearchQuery = Type.Object(
  {
    rrn: Type.Optional(Type.String({ pattern: '^[0-9A-Za-z ]{1,12}$' })),
    stan: Type.Optional(Type.String({ pattern: '^[0-9]{6}$' })),
    terminal: Type.Optional(Type.String({ pattern: '^[\\x20-\\x7e]{1,8}$' })),
    merchant: Type.Optional(Type.String({ pattern: '^[\\x20-\\x7e]{1,15}$' })),
    last4: Type.Optional(Type.String({ pattern: '^[0-9]{4}$' })),
    amount: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    currency: Type.Optional(Type.String({ pattern: '^[0-9]{3}$' })),
    since: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T[0-9:.]+(Z|[+-]\\d{2}:\\d{2})$' })),
    until: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T[0-9:.]+(Z|[+-]\\d{2}:\\d{2})$' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  },
  { additionalProperties: false },
);
export type SearchQuery = Static<typeof SearchQuery>;

/** A row of the list; `/api/v1/transactions/{id}` has the whole of it. */
export const FoundView = Type.Object({
  id: Type.String(),
  at: Type.String(),
  kind: Type.String(),
  state: Type.String(),
  terminal: Type.String(),
  merchant: Type.String(),
  stan: Type.String(),
  rrn: Type.String(),
  networkRrn: Type.String(),
  maskedPan: Type.String(),
  network: Type.String(),
  networkState: Type.String(),
  popState: Type.String(),
  currency: Type.String(),
  asked: Type.Integer(),
  approved: Type.Integer(),
  standing: Type.Integer(),
  code: Type.Union([Type.String(), Type.Null()]),
  approvalCode: Type.Union([Type.String(), Type.Null()]),
  cases: Type.Array(Type.String()),
});
type FoundView = Static<typeof FoundView>;

/** A span without a reference may not be longer: else a question would read all that ever was. */
const LONGEST_MS = 31 * 86_400_000;
const DAY_MS = 86_400_000;
const DEFAULT_LIMIT = 20;

export interface SearchApi {
  find(
    search: Omit<SearchQuery, 'since' | 'until' | 'limit'> & { since: number; until: number; limit: number },
  ): Promise<readonly FoundView[]>;
  wall(): number;
}

export function addSearchRoutes(server: FastifyInstance, api: SearchApi): void {
  const found = Type.Object({ transactions: Type.Array(FoundView) });
  server.get<{ Querystring: SearchQuery }>(
    '/api/v1/transactions',
    { schema: { querystring: SearchQuery, response: { 200: found } } },
    async ({ query }) => {
      const { since: from, until: to, limit = DEFAULT_LIMIT, ...what } = query;
      const until = to === undefined ? api.wall() : timeOf('until', to);
      const since = from === undefined ? until - DAY_MS : timeOf('since', from);
      const isTooLong = what.rrn === undefined && until - since > LONGEST_MS;
      if (since >= until || isTooLong) {
        const expected = 'a time before until, and no more than 31 days before it unless rrn is given';
        throw new AdminError('ADM_REQUEST_INVALID', { field: 'since', expected });
      }
      return { transactions: [...(await api.find({ ...what, since, until, limit }))] };
    },
  );
}

function timeOf(field: string, text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) {
    throw new AdminError('ADM_REQUEST_INVALID', { field, expected: 'a time in RFC 3339' });
  }
  return at;
}
