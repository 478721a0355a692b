import { type CertificateFacts, daysLeft, type ReadTlsMaterial, readTlsMaterial } from '../../certs/index.ts';
import {
  type Clock,
  type Log,
  type Sockets,
  type Timer,
  type TlsSockets,
  tlsSockets,
} from '../../runtime/index.ts';
import type { ListenerTls, NetworkTls } from '../config/settings.ts';

const WARN_DAYS = 30;
const DAY_MS = 86_400_000;

type TlsSettings = ListenerTls | NetworkTls;

interface TlsEnd {
  readonly name: string;
  readonly settings: TlsSettings;
  readonly sockets: TlsSockets;
  material: ReadTlsMaterial;
}

export interface TlsEndsParts {
  readonly production: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** The listeners and links of one node that speak TLS. They are given new certificates all at once. */
export class TlsEnds {
  readonly #parts: TlsEndsParts;
  readonly #ends: TlsEnd[] = [];
  #watch: Timer | undefined;

  constructor(parts: TlsEndsParts) {
    this.#parts = parts;
  }

  /** @throws {CertError} where its files cannot be used */
  open(name: string, settings: TlsSettings): Sockets {
    const { log, production } = this.#parts;
    const material = readTlsMaterial(settings, { production });
    const isListener = 'requireClientCertificate' in settings;
    const sockets = tlsSockets({
      ...material,
      requirePeerCertificate: isListener && settings.requireClientCertificate,
      servername: isListener ? undefined : settings.serverName,
      onRefused: (refusal) => log.warn({ event: 'tls.refused', listener: name, ...refusal }),
    });
    const end = { name, settings, sockets, material };
    this.#ends.push(end);
    this.#report('tls.loaded', end);
    this.#watch ??= this.#warnDaily();
    return sockets;
  }

  /** Reads every file again and uses it from the next handshake on; where one cannot be used, nothing changes. */
  reload(): void {
    const { log, production } = this.#parts;
    try {
      const read = this.#ends.map((end) => ({
        end,
        material: readTlsMaterial(end.settings, { production }),
      }));
      for (const { end, material } of read) {
        end.sockets.reload(material);
        end.material = material;
        this.#report('tls.reloaded', end);
      }
    } catch (error) {
      log.error({ event: 'tls.reload-failed', err: error });
    }
  }

  close(): void {
    this.#watch?.cancel();
  }

  #report(event: string, { name, material }: TlsEnd): void {
    const { clock, log } = this.#parts;
    const { subject, fingerprint } = material.certificate;
    log.info({
      event,
      end: name,
      subject,
      fingerprint,
      daysLeft: daysLeft(material.certificate, clock.wall()),
    });
    this.#warn(name, material.certificates);
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
      for (const { name, material } of this.#ends) this.#warn(name, material.certificates);
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
