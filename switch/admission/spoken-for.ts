import { withoutZeros } from '../requests/keys.ts';
import type { Received } from './inbound.ts';

// A client certificate proves who is at the other end of a line, and nothing of whom it speaks for: any terminal with
// a certificate of the authority could speak in another's name. So the settings bind it to terminals, or to acquirers.

const COMMON_NAME = /(?:^|, )CN=([^,]*)/g;

/**
 * Whether the peer may speak for this terminal, or this acquirer: where no client is bound, any that was let in may.
 */
export function maySpeakFor(
  { listener, certificate }: Pick<Received, 'listener' | 'certificate'>,
  terminal: string,
  acquirer: string,
): boolean {
  const clients = listener.tls?.clients;
  if (!clients) return true;
  if (!certificate) return false;

  const names = [certificate.fingerprint, commonName(certificate.subject)];
  const bound = clients.filter((client) => names.includes(client.certificate));
  return bound.some(({ terminals, acquirers }) =>
    listener.mac === 'none'
      ? isAmong(acquirers, acquirer, withoutZeros) && (!terminals || isAmong(terminals, terminal, trimmed))
      : isAmong(terminals, terminal, trimmed),
  );
}

/** Of a subject that has one: what shows two may be one attribute that was made to look like another. */
function commonName(subject: string): string | undefined {
  const found = [...subject.matchAll(COMMON_NAME)];
  return found.length === 1 ? found[0]?.[1] : undefined;
}

function isAmong(names: readonly string[] | undefined, name: string, as: (name: string) => string): boolean {
  return names?.some((each) => as(each) === as(name)) ?? false;
}

const trimmed = (name: string) => name.trimEnd();
