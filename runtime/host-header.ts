import { isIP } from 'node:net';

/**
 * Whether a request names this service in its Host header: by an address, as localhost, or by a name that the service
 * was given. A page in an operator's browser may have a name of its own lead to loopback; its requests would come
 * from this machine, and would be believed.
 */
export function isOwnHost(header: string | undefined, names: readonly string[]): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]*))(?::\d{1,5})?$/.exec(header ?? '') ?? [];
  const host = (bracketed ?? plain ?? '').toLowerCase();
  return host === 'localhost' || isIP(host) !== 0 || names.includes(host);
}
