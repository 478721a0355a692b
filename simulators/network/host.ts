import type { Address, Clock, Connection, Listener, Log, Random, Sockets } from '../../runtime/index.ts';
import { utcCalendar } from '../../runtime/index.ts';
import { cardNamer, referenceKey } from '../common/card.ts';
import { controlRoutes } from '../common/control.ts';
import { type HttpReply, type HttpRoute, httpService } from '../common/http.ts';
import { scenarioBook } from '../common/scenario.ts';
import { openNetworkBook } from './book.ts';
import { type Host, handleMessage } from './handle.ts';
import type { HostDialect, HostMessage } from './host-dialect.ts';
import { type HostLink, hostLink } from './link.ts';
import { networkRule, testCardRules } from './scenario.ts';
import { type KeyChange, keyChange, type ZoneMasterKey, zoneKey } from './zone-key.ts';

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
  const server = await listen(options, {
    dialect,
    book,
    scenarios,
    nameCard,
    zoneKey: keys,
    pin,
    clock,
    log,
  });
  const shared = controlRoutes({
    ledger: book.ledger,
    summary: () => ({ totals: book.totals(), positions: book.positions() }),
    scenarios,
    rule: (body) => networkRule(body, nameCard),
    health: server.health,
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

type Server = Awaited<ReturnType<typeof listen>>;

async function listen<M extends HostMessage>({ iso, log, sockets, clock }: HostOptions, host: Host<M>) {
  const { dialect } = host;
  const links = new Set<HostLink<M>>();
  const accept = (connection: Connection) => {
    const { link, connectionHandlers } = hostLink(connection, dialect, log, {
      onMessage: (message, from, received) => handleMessage(host, message, from, received),
      onClose: (closed) => links.delete(closed),
    });
    links.add(link);
    return connectionHandlers;
  };
  let listener: Listener | undefined = await sockets.listen(iso, accept);
  let lastStan = 0;
  const { address } = listener;

  const manage = (code: string, key?: string) => {
    lastStan = (lastStan % 999_999) + 1;
    return dialect.managementRequest(code, String(lastStan).padStart(6, '0'), timeOf(clock), key);
  };
  const dropLinks = () => {
    for (const link of links) link.drop();
  };
  return {
    address,
    dropLinks,
    async down() {
      const closing = listener?.close();
      listener = undefined;
      dropLinks();
      await closing;
    },
    async up() {
      listener ??= await sockets.listen(address, accept);
    },
    echo() {
      const request = manage(dialect.echo);
      for (const link of links) link.send(request);
    },
    /** Over one link: the acquirer has one key, however many links it has. */
    changeKey(change: KeyChange) {
      const { text, repeat } = host.zoneKey.offer(change);
      const request = manage(dialect.keyExchange, text);
      const link = [...links].find(({ signedOn }) => signedOn);
      link?.send(repeat ? { ...request, mti: '0801' } : request);
    },
    health: () => ({
      listening: listener !== undefined,
      links: links.size,
      signedOn: [...links].filter((link) => link.signedOn).length,
      echoesAnswered: [...links].reduce((sum, link) => sum + link.echoes, 0),
      zoneKey: host.zoneKey.state(),
    }),
  };
}

/** DE7. */
function timeOf(clock: Clock): string {
  const { month, day, hour, minute, second } = utcCalendar(clock.wall());
  return [month, day, hour, minute, second].map((part) => String(part).padStart(2, '0')).join('');
}

function serverRoutes(server: Server): HttpRoute[] {
  const route = (path: string, action: (body: unknown) => unknown): HttpRoute => ({
    method: 'POST',
    path,
    async handle({ body }): Promise<HttpReply> {
      await action(body);
      return { status: 200, json: server.health() };
    },
  });
  return [
    route('/drop-links', server.dropLinks),
    route('/down', server.down),
    route('/up', server.up),
    route('/echo', server.echo),
    route('/change-key', (body) => server.changeKey(keyChange(body ?? {}))),
  ];
}
