import {
  type CertificateFacts,
  daysLeft,
  readClientTlsMaterial,
  readTlsMaterial,
  type TlsFiles,
} from '../../certs/index.ts';
import type { HttpExchange, HttpTls, RenewableExchange } from '../../connectors/index.ts';
import {
  type Clock,
  DAY_MS,
  type Log,
  type Sockets,
  type Timer,
  type TlsMaterial,
  tlsSockets,
} from '../../runtime/index.ts';
import { addressCircle } from '../admission/circles.ts';
import { Handshakes } from '../admission/handshakes.ts';
import { hostOf, PeerLog } from '../admission/peer-log.ts';
import type { TurnedAway } from '../admission/turned-away.ts';
import type { ListenerTls, NetworkTls, ServiceTls } from '../config/settings.ts';
import type { StrangerSettings } from '../config/strangers.ts';

const WARN_DAYS = 30;
/** Lines of one peer in ten seconds, before the rest is counted. */
const REFUSALS_IN_FULL = 5;

type TlsSettings = ListenerTls | NetworkTls;

/** What one end's files hold now, and how it begins to use them. */
interface Renewal {
  /** Its own first, where it has one. */
  readonly certificates: readonly CertificateFacts[];
  use(): void;
}

interface TlsEnd {
  readonly name: string;
  /** @throws {CertError} where its files cannot be used */
  read(): Renewal;
  certificates: readonly CertificateFacts[];
}

export interface TlsEndsParts {
  readonly production: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** What an address is granted for handshakes that prove nobody; what is built in holds where it is absent. */
  readonly strangers?: StrangerSettings | undefined;
  /** Told of handshakes that proved nobody; absent: nobody counts them. */
  readonly turnedAway?: Pick<TurnedAway, 'note'>;
}

/** All of one process that speaks TLS: listeners, links, services. They are given new certificates all at once. */
export class TlsEnds {
  readonly #parts: TlsEndsParts;
  readonly #ends: TlsEnd[] = [];
  #watch: Timer | undefined;

  constructor(parts: TlsEndsParts) {
    this.#parts = parts;
  }

  /** The sockets of a listener or a link. @throws {CertError} where its files cannot be used */
  open(name: string, settings: TlsSettings): Sockets {
    const { clock, log, production, strangers, turnedAway } = this.#parts;
    const read = () => readTlsMaterial(settings, { production });
    const material = read();
    const isListener = 'requireClientCertificate' in settings;
    const peerLog = new PeerLog(name, clock, log, REFUSALS_IN_FULL);
    const sockets = tlsSockets({
      ...material,
      requirePeerCertificate: isListener && settings.requireClientCertificate,
      servername: isListener ? undefined : settings.serverName,
      onRefused: ({ peer, ...refusal }) => {
        turnedAway?.note(addressCircle(hostOf(peer)));
        peerLog.warn('tls.refused', hostOf(peer), refusal);
      },
      ...(isListener && { door: new Handshakes(clock, strangers) }),
    });
    this.#add(name, material.certificates, () => {
      const next = read();
      return { certificates: next.certificates, use: () => sockets.reload(next) };
    });
    return sockets;
  }

  /** What an HTTPS listener opens with; `renew` is given every later material. @throws {CertError} */
  openServer(name: string, files: TlsFiles, renew: (material: TlsMaterial) => void): TlsMaterial {
    const { production } = this.#parts;
    const read = () => readTlsMaterial(files, { production });
    const { certificates, cert, key, ca } = read();
    this.#add(name, certificates, () => {
      const next = read();
      return {
        certificates: next.certificates,
        use: () => renew({ cert: next.cert, key: next.key, ca: next.ca }),
      };
    });
    return { cert, key, ca };
  }

  /** What a service is asked by over HTTPS. @throws {CertError} where its files cannot be used */
  openService(
    name: string,
    settings: ServiceTls,
    connect: (tls: HttpTls) => RenewableExchange,
  ): HttpExchange {
    const { production } = this.#parts;
    const { serverName } = settings;
    const read = () => {
      const { certificates, ...material } = readClientTlsMaterial(settings, { production });
      const tls: HttpTls = { ...material, ...(serverName !== undefined && { servername: serverName }) };
      return { certificates, tls };
    };
    const first = read();
    const exchange = connect(first.tls);
    this.#add(name, first.certificates, () => {
      const next = read();
      return { certificates: next.certificates, use: () => exchange.renew(next.tls) };
    });
    return exchange;
  }

  /** Reads every file again and uses it from the next handshake on; where one cannot be used, nothing changes. */
  reload(): void {
    const { log } = this.#parts;
    try {
      const renewals = this.#ends.map((end) => ({ end, renewal: end.read() }));
      for (const { end, renewal } of renewals) {
        renewal.use();
        end.certificates = renewal.certificates;
        this.#report('tls.reloaded', end);
      }
    } catch (error) {
      log.error({ event: 'tls.reload-failed', err: error });
    }
  }

  close(): void {
    this.#watch?.cancel();
  }

  #add(name: string, certificates: readonly CertificateFacts[], read: () => Renewal): void {
    const end: TlsEnd = { name, certificates, read };
    this.#ends.push(end);
    this.#report('tls.loaded', end);
    this.#watch ??= this.#warnDaily();
  }

  #report(event: string, { name, certificates }: TlsEnd): void {
    const { clock, log } = this.#parts;
    const [own] = certificates;
    if (own) {
      const { subject, fingerprint } = own;
      log.info({ event, end: name, subject, fingerprint, daysLeft: daysLeft(own, clock.wall()) });
    }
    this.#warn(name, certificates);
  }

  #warn(name: string, certificates: readonly CertificateFacts[]): void {
    const { clock, log } = this.#parts;
    for (const certificate of certificates) {
      const days = daysLeft(certificate, clock.wall());
      if (days >= WARN_DAYS) continue;
      const { source: file, subject } = certificate;
      log.warn({ event: 'tls.certificate-expiring', end: name, file, subject, daysLeft: days });
    }
  }

  #warnDaily(): Timer {
    return this.#parts.clock.after(DAY_MS, () => {
      for (const { name, certificates } of this.#ends) this.#warn(name, certificates);
      this.#watch = this.#warnDaily();
    });
  }
}

/**
 * The sockets of a listener or a link: TLS where its settings have it, and never plain text instead.
 * @throws where TLS is set and this switch was given no way to speak it
 */
export function socketsOf(
  { name, tls }: { readonly name: string; readonly tls?: TlsSettings },
  { sockets, tls: ends }: { readonly sockets: Sockets; readonly tls?: TlsEnds },
): Sockets {
  if (!tls) return sockets;
  if (!ends) throw new Error(`"${name}" asks for TLS, and there is none here`);
  return ends.open(name, tls);
}

/** The certificates of the gateway, where its settings have them. @throws as `socketsOf` */
export function gatewayTls(
  { tls }: { readonly tls?: TlsFiles },
  ends: TlsEnds | undefined,
): ((renew: (material: TlsMaterial) => void) => TlsMaterial) | undefined {
  if (!tls) return undefined;
  if (!ends) throw new Error('the gateway asks for TLS, and there is none here');
  return (renew) => ends.openServer('gateway', tls, renew);
}
