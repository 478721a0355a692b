import type { Address, Clock, Connection, Listener, Log, Sockets } from '../../runtime/index.ts';
import { utcCalendar } from '../../runtime/index.ts';
import type { HostDialect, HostMessage } from './host-dialect.ts';
import { HostLink, type LinkHandlers } from './link.ts';
import type { KeyChange, ZoneKey } from './zone-key.ts';

interface ServerParts<M extends HostMessage> {
  readonly iso: Address;
  readonly dialect: HostDialect<M>;
  readonly zoneKey: ZoneKey;
  readonly sockets: Sockets;
  readonly clock: Clock;
  readonly log: Log;
  readonly onMessage: LinkHandlers<M>['onMessage'];
}

/** Where acquirers connect; it goes down and comes up again on the same port, and speaks first where it is told to. */
export class HostServer<M extends HostMessage> {
  readonly #parts: ServerParts<M>;
  readonly #links = new Set<HostLink<M>>();
  readonly #handlers: LinkHandlers<M>;
  #address: Address;
  #listener: Listener | undefined;
  #lastStan = 0;

  constructor(parts: ServerParts<M>) {
    this.#parts = parts;
    this.#address = parts.iso;
    this.#handlers = { onMessage: parts.onMessage, onClose: (link) => this.#links.delete(link) };
  }

  /** Where it listens; the port is the real one once it is up. */
  get address(): Address {
    return this.#address;
  }

  async up(): Promise<void> {
    if (this.#listener) return;
    const { sockets } = this.#parts;
    this.#listener = await sockets.listen(this.#address, (connection) => this.#accept(connection));
    this.#address = this.#listener.address;
  }

  async down(): Promise<void> {
    const closing = this.#listener?.close();
    this.#listener = undefined;
    this.dropLinks();
    await closing;
  }

  dropLinks(): void {
    for (const link of this.#links) link.drop();
  }

  echo(): void {
    const request = this.#request(this.#parts.dialect.echo);
    for (const link of this.#links) link.send(request);
  }

  /** Over one link: the acquirer has one key, however many links it has. */
  changeKey(change: KeyChange): void {
    const { dialect, zoneKey } = this.#parts;
    const { text, repeat } = zoneKey.offer(change);
    const request = this.#request(dialect.keyExchange, text);
    const link = [...this.#links].find(({ signedOn }) => signedOn);
    link?.send(repeat ? { ...request, mti: '0801' } : request);
  }

  health() {
    const links = [...this.#links];
    return {
      listening: this.#listener !== undefined,
      links: links.length,
      signedOn: links.filter(({ signedOn }) => signedOn).length,
      echoesAnswered: links.reduce((sum, { echoes }) => sum + echoes, 0),
      zoneKey: this.#parts.zoneKey.state(),
    };
  }

  #accept(connection: Connection): HostLink<M> {
    const { dialect, log } = this.#parts;
    const link = new HostLink<M>(connection, { dialect, log, handlers: this.#handlers });
    this.#links.add(link);
    return link;
  }

  /** An 0800 of our own. */
  #request(code: string, key?: string): M {
    const { dialect, clock } = this.#parts;
    this.#lastStan = (this.#lastStan % 999_999) + 1;
    return dialect.managementRequest(code, String(this.#lastStan).padStart(6, '0'), timeOf(clock), key);
  }
}

/** DE7. */
function timeOf(clock: Clock): string {
  const { month, day, hour, minute, second } = utcCalendar(clock.wall());
  return [month, day, hour, minute, second].map((part) => String(part).padStart(2, '0')).join('');
}
