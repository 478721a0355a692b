import { type Address, type Clock, delay, type Log, type Random, type Timer } from '../../runtime/index.ts';
import { controlRoutes } from '../common/control.ts';
import { type HttpCall, type HttpReply, type HttpRoute, httpService } from '../common/http.ts';
import { type ScenarioBook, scenarioBook } from '../common/scenario.ts';
import { SimulatorError } from '../errors.ts';
import type { Fate } from './memory.ts';
import { cancellationReason, idempotencyKeyOf, purchaseOf, queriedIds } from './request.ts';
import { type PopMessageKind, type PopScenario, popRule } from './scenario.ts';
import { openValidations, type Validations } from './validations.ts';

const MAX_TRANSACTION_ID = 128;

export interface PopOptions {
  api: Address;
  control: Address;
  ledgerFile: string;
  /** Time between two blocks; a purchase is included in one and final with the next. */
  blockMs: number;
  clock: Clock;
  random: Random;
  log: Log;
  /** The ledger cannot be written: nothing can be acknowledged any more. */
  onBroken(error: unknown): void;
}

export interface RunningPop {
  /** Base of the API, for example `http://127.0.0.1:3001/api/v1`. */
  apiUrl: string;
  controlUrl: string;
  close(): Promise<void>;
}

/** The consensus service of Proof-of-Purchase: API, control port, chain of blocks. */
export async function startPop(options: PopOptions): Promise<RunningPop> {
  const { clock, log, random } = options;
  const validations = await openValidations(options.ledgerFile, clock, random, options.onBroken);
  const scenarios = scenarioBook<PopMessageKind, PopScenario>([]);
  const api = httpService(apiRoutes(validations, scenarios, clock), log);
  const apiAddress = await api.listen(options.api);
  const control = httpService(
    [
      ...controlRoutes({
        ledger: validations.ledger,
        summary: () => ({ totals: validations.totals() }),
        scenarios,
        rule: popRule,
        health: () => ({ open: validations.open, api: listening ? 'up' : 'down' }),
      }),
      { method: 'POST', path: '/down', handle: () => setListening(false) },
      { method: 'POST', path: '/up', handle: () => setListening(true) },
    ],
    log,
  );
  let listening = true;
  let switching: Promise<void> = Promise.resolve();
  const setListening = async (wanted: boolean): Promise<HttpReply> => {
    switching = switching.then(async () => {
      if (listening === wanted) return;
      await (wanted ? api.listen(apiAddress) : api.close());
      listening = wanted;
    });
    await switching;
    return { status: 200, json: { api: wanted ? 'up' : 'down' } };
  };
  const controlAddress = await control.listen(options.control);

  let timer: Timer;
  const nextBlock = () => {
    timer = clock.after(options.blockMs, () => {
      validations.block();
      nextBlock();
    });
  };
  nextBlock();

  return {
    apiUrl: `http://${apiAddress.host}:${apiAddress.port}/api/v1`,
    controlUrl: `http://${controlAddress.host}:${controlAddress.port}`,
    async close() {
      timer.cancel();
      await Promise.all([api.close(), control.close()]);
      await validations.ledger.close();
    },
  };
}

function apiRoutes(
  validations: Validations,
  scenarios: ScenarioBook<PopMessageKind, PopScenario>,
  clock: Clock,
): HttpRoute[] {
  const cancel = ({ params, body }: HttpCall) => {
    const id = params['id'] ?? '';
    const reason = cancellationReason(body);
    const scenario = scenarios.choose('cancel', validations.consumerOf(id));
    return perform(scenario, clock, async () => ({
      status: 200,
      json: await validations.cancel(id, reason),
    }));
  };

  return [
    {
      method: 'POST',
      path: '/api/v1/validations',
      handle(call) {
        const idempotencyKey = idempotencyKeyOf(call.header('idempotency-key'));
        const purchase = purchaseOf(call.body);
        const scenario = scenarios.choose('initiate', purchase.consumer_id);
        return perform(scenario, clock, async () => ({
          status: 201,
          json: await validations.initiate(purchase, idempotencyKey, fateIn(scenario)),
        }));
      },
    },
    {
      method: 'GET',
      path: '/api/v1/validations',
      handle({ query }) {
        const transactionId = query.get('transaction_id') ?? '';
        if (transactionId === '' || transactionId.length > MAX_TRANSACTION_ID) {
          throw new SimulatorError('SIM_HTTP_QUERY_INVALID', {
            parameter: 'transaction_id',
            expected: `1 to ${MAX_TRANSACTION_ID} characters`,
          });
        }
        return perform(scenarios.choose('query', undefined), clock, () => ({
          status: 200,
          json: validations.ofTransaction(transactionId),
        }));
      },
    },
    {
      method: 'GET',
      path: '/api/v1/validations/:id',
      handle: ({ params }) =>
        perform(scenarios.choose('query', undefined), clock, () => ({
          status: 200,
          json: validations.get(params['id'] ?? ''),
        })),
    },
    {
      method: 'POST',
      path: '/api/v1/validations/query',
      handle: ({ body }) => querySet(validations, scenarios, clock, body),
    },
    { method: 'POST', path: '/api/v1/validations/:id/cancel', handle: cancel },
  ];
}

function querySet(
  validations: Validations,
  scenarios: ScenarioBook<PopMessageKind, PopScenario>,
  clock: Clock,
  body: unknown,
): HttpReply | Promise<HttpReply> {
  const scenario = scenarios.choose('query-set', undefined);
  if (scenario?.action === 'absent') {
    throw new SimulatorError('SIM_HTTP_NOT_FOUND', { method: 'POST', path: '/api/v1/validations/query' });
  }
  const ids = queriedIds(body);
  return perform(scenario, clock, () => {
    const answers = validations.answersOf(ids);
    const told =
      scenario?.action === 'partial' ? answers.filter((_, index) => index % 2 === 0).reverse() : answers;
    return { status: 200, json: { validations: told.map(({ transaction_id: _, ...each }) => each) } };
  });
}

function fateIn(scenario: PopScenario | undefined): Fate {
  switch (scenario?.action) {
    case 'validate':
      return 'validate-now';
    case 'reject':
      return 'reject-now';
    case 'reject-later':
      return 'reject';
    case 'expire':
      return 'expire';
    default:
      return 'validate';
  }
}

/** Acts and answers as the scenario says: `act` has the effect and gives the true answer. */
async function perform(
  scenario: PopScenario | undefined,
  clock: Clock,
  act: () => HttpReply | Promise<HttpReply>,
): Promise<HttpReply> {
  switch (scenario?.action) {
    case 'delay':
      await delay(clock, scenario.ms);
      return act();
    case 'late': {
      const reply = await act();
      await delay(clock, scenario.ms);
      return reply;
    }
    case 'silence':
    case 'drop':
      if (scenario.lost !== 'request') await act();
      return scenario.action;
    case 'error':
      if (scenario.lost === 'answer') await act();
      throw new SimulatorError('SIM_POP_INJECTED');
    case 'garbage':
      await act();
      return { raw: '{"validation_id": 7, "status' };
    default:
      return act();
  }
}
