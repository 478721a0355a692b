import type { Address, Clock, Log, Random, Sockets } from '../../runtime/index.ts';
import { cardNamer, referenceKey } from '../common/card.ts';
import { controlRoutes } from '../common/control.ts';
import { type HttpReply, type HttpRoute, httpService } from '../common/http.ts';
import { scenarioBook } from '../common/scenario.ts';
import { openNetworkBook } from './book.ts';
import { MessageDesk } from './handle.ts';
import type { HostDialect, HostMessage } from './host-dialect.ts';
import { HostServer } from './host-server.ts';
import { networkRule, testCardRules } from './scenario.ts';
import { keyChange, type ZoneMasterKey, zoneKey } from './zone-key.ts';

export interface HostOptions {
  iso: Address;
  control: Address;
  ledgerFile: string;
  /** Clear double-length TDES zone PIN key. */
  zonePinKey: Buffer;
  /** What others are sent under. */
  zoneMasterKey: ZoneMasterKey;
  /** The PIN of every card. */
  pin: string;
  /** What each card may spend per currency, in minor units; absent: as much as it likes. */
  cardFunds?: number;
  sockets: Sockets;
  clock: Clock;
  random: Random;
  log: Log;
  /** The ledger cannot be written: nothing can be answered any more. */
  onBroken(error: unknown): void;
}

export interface RunningHost {
  /** Where acquirers connect. */
  iso: Address;
  controlUrl: string;
  close(): Promise<void>;
}

/** A card network's host: sign-on gate, requests, advices, reversals, with a ledger of its own. */
export async function startHost<M extends HostMessage>(
  dialect: HostDialect<M>,
  options: HostOptions,
): Promise<RunningHost> {
  const { clock, log, pin } = options;
  const nameCard = cardNamer(await referenceKey(`${options.ledgerFile}.key`));
  const { overCompletionPercent } = dialect;
  const book = await openNetworkBook({ ...options, overCompletionPercent, file: options.ledgerFile });
  const scenarios = scenarioBook(testCardRules(nameCard));
  const keys = zoneKey({ ...options, file: `${options.ledgerFile}.zone-key` });
  const desk = new MessageDesk({ dialect, book, scenarios, nameCard, zoneKey: keys, pin, clock, log });
  const server = new HostServer<M>({
    ...options,
    dialect,
    zoneKey: keys,
    onMessage: (message, link, received) => desk.handle(message, link, received),
  });
  await server.up();

  const shared = controlRoutes({
    ledger: book.ledger,
    summary: () => ({ totals: book.totals(), positions: book.positions() }),
    scenarios,
    rule: (body) => networkRule(body, nameCard),
    health: () => server.health(),
  });
  const control = httpService([...shared, ...serverRoutes(server)], log);
  const controlAddress = await control.listen(options.control);

  return {
    iso: server.address,
    controlUrl: `http://${controlAddress.host}:${controlAddress.port}`,
    async close() {
      await Promise.all([server.down(), control.close()]);
      await book.ledger.close();
    },
  };
}

function serverRoutes<M extends HostMessage>(server: HostServer<M>): HttpRoute[] {
  const route = (path: string, action: (body: unknown) => unknown): HttpRoute => ({
    method: 'POST',
    path,
    async handle({ body }): Promise<HttpReply> {
      await action(body);
      return { status: 200, json: server.health() };
    },
  });
  return [
    route('/drop-links', () => server.dropLinks()),
    route('/down', () => server.down()),
    route('/up', () => server.up()),
    route('/echo', () => server.echo()),
    route('/change-key', (body) => server.changeKey(keyChange(body ?? {}))),
  ];
}
