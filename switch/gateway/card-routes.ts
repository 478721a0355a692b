import type { FastifyInstance } from 'fastify';
import { Pan } from '../../messages/index.ts';
import { eraseToken, tokenise } from './card-desk.ts';
import { fieldProblem } from './problems.ts';
import { type Counter, CREATED, inTurn, REFUSED, rights } from './route-parts.ts';
import { CardOrder, CardTokenEnvelope, CardTokenParams, Nothing } from './schemas.ts';

export function addCardRoutes(server: FastifyInstance, { parts, gate, askingOf }: Counter): void {
  server.post<{ Body: CardOrder }>(
    '/api/v1/card-tokens',
    {
      ...rights({
        permission: 'cards:tokenise',
        operationId: 'createCardToken',
        summary: 'A token for a card; the same card has the same',
      }),
      schema: { body: CardOrder, response: { 201: CardTokenEnvelope, ...REFUSED } },
    },
    async (request, reply) => {
      const asking = askingOf(request);
      const pan = cardNumber(request.body);
      const turn = { lane: 'verification', asking, id: request.id } as const;
      const exchange = () => tokenise(request.body, pan, asking, parts);
      const { token, lastFour } = await inTurn(gate, turn, exchange);
      reply.code(CREATED);
      return { success: true, data: { card_token: token, last_four: lastFour } };
    },
  );
  server.delete<{ Params: { token: string } }>(
    '/api/v1/card-tokens/:token',
    {
      ...rights({
        permission: 'cards:tokenise',
        operationId: 'eraseCardToken',
        summary: 'Erases a token: it pays no more',
      }),
      schema: { params: CardTokenParams, response: { 204: Nothing, ...REFUSED } },
    },
    async (request, reply) => {
      await eraseToken(request.params.token, askingOf(request), parts);
      return reply.code(204).send();
    },
  );
}

/** @throws Problem GW_FIELD */
function cardNumber({ pan }: CardOrder): Pan {
  try {
    return Pan.of(pan, { luhn: true });
  } catch {
    throw fieldProblem('/pan', 'is no card number: its check digit is wrong');
  }
}
