import { isIPv6 } from 'node:net';
import type { PeerCertificate } from '../../runtime/index.ts';
import { hostOf } from './peer-log.ts';

// A circle is whom a peer is counted with while it has proven nothing else: the holder of its certificate, or its
// address. Whoever has an IPv6 network has more addresses in it than anybody can count, so the network is the address.

const MAPPED = '::ffff:';
/** Of the eight groups of an IPv6 address: the network that a site is given. */
const NETWORK_GROUPS = 4;
const GROUPS = 8;

/** @param peer `address:port`, as connections name it */
export function circleOf(peer: string, certificate?: PeerCertificate): string {
  return certificate?.fingerprint ?? addressCircle(hostOf(peer));
}

export function addressCircle(host: string): string {
  if (host.startsWith(MAPPED)) return host.slice(MAPPED.length);
  return isIPv6(host) ? `${networkOf(host)}/64` : host;
}

function networkOf(host: string): string {
  const [head = '', tail] = host.split('%', 1)[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, GROUPS - left.length - right.length);
  return [...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, NETWORK_GROUPS).join(':');
}
