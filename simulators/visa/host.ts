import { type Codec, compile, visaBase1 } from '../../messages/index.ts';
import type { Address, Clock, Connection, Listener, Log, Random, Sockets } from '../../runtime/index.ts';
import { cardNamer, referenceKey } from '../common/card.ts';
import { controlRoutes } from '../common/control.ts';
import { type HttpReply, type HttpRoute, httpService } from '../common/http.ts';
import { scenarioBook } from '../common/scenario.ts';
import { pinCipher } from '../crypto/pin-block.ts';
import { openVisaBook } from './book.ts';
import type { VisaMessage } from './exchange.ts';
import { type VisaLink, visaLink } from './link.ts';
import { handleMessage, type VisaNetwork } from './network.ts';
import { testCardRules, visaRule } from './scenario.ts';

export interface VisaOptions {
  iso: Address;
  control: Address;
  ledgerFile: string;
  /** Clear double-length TDES zone PIN key. */
  zonePinKey: Buffer;
  /** The PIN of every card. */
  pin: string;
  sockets: Sockets;
  clock: Clock;
  random: Random;
  log: Log;
  /** The ledger cannot be written: nothing can be answered any more. */
  onBroken(error: unknown): void;
}

export interface RunningVisa {
  /** Where acquirers connect. */
  iso: Address;
  controlUrl: string;
  close(): Promise<void>;
}

/** A Visa-profile network: sign-on gate, authorisations, reversals, echo and polls, with a ledger of its own. */
export async function startVisa(options: VisaOptions): Promise<RunningVisa> {
  const { clock, log, pin } = options;
  const nameCard = cardNamer(await referenceKey(`${options.ledgerFile}.key`));
  const book = await openVisaBook(options.ledgerFile, clock, options.random, options.onBroken);
  const scenarios = scenarioBook(testCardRules(nameCard));
  const pins = pinCipher(options.zonePinKey);
  const host = await listen(options, { book, scenarios, nameCard, pins, pin, clock, log });
  const shared = controlRoutes({
    ledger: book.ledger,
    totals: book.totals,
    scenarios,
    rule: (body) => visaRule(body, nameCard),
    health: host.health,
  });
  const control = httpService([...shared, ...hostRoutes(host)], log);
  const controlAddress = await control.listen(options.control);

  return {
    iso: host.address,
    controlUrl: `http://${controlAddress.host}:${controlAddress.port}`,
    async close() {
      await Promise.all([host.down(), control.close()]);
      await book.ledger.close();
    },
  };
}

type Host = Awaited<ReturnType<typeof listen>>;

async function listen({ iso, log, sockets }: VisaOptions, network: VisaNetwork) {
  const codec: Codec<VisaMessage> = compile(visaBase1);
  const links = new Set<VisaLink>();
  const accept = (connection: Connection) => {
    const { link, connectionHandlers } = visaLink(connection, codec, log, {
      onMessage: (message, from, received) => handleMessage(network, message, from, received),
      onClose: (closed) => links.delete(closed),
    });
    links.add(link);
    return connectionHandlers;
  };
  let listener: Listener | undefined = await sockets.listen(iso, accept);
  const { address } = listener;

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
    health: () => ({
      listening: listener !== undefined,
      links: links.size,
      signedOn: [...links].filter((link) => link.signedOn).length,
    }),
  };
}

function hostRoutes(host: Host): HttpRoute[] {
  const route = (path: string, action: () => unknown): HttpRoute => ({
    method: 'POST',
    path,
    async handle(): Promise<HttpReply> {
      await action();
      return { status: 200, json: host.health() };
    },
  });
  return [route('/drop-links', host.dropLinks), route('/down', host.down), route('/up', host.up)];
}
