import { hash } from 'node:crypto';
import type { Clock, Monotonic } from '../../runtime/index.ts';
import { type Inbound, receive } from '../admission/inbound.ts';
import { GATEWAY_NAME } from '../config/gateway.ts';
import type { GatewaySettings, ListenerSettings } from '../config/settings.ts';
import type { Ports } from '../ports.ts';
import { namedKey, type PartyKey, partyKey } from '../requests/keys.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { understandSender } from '../requests/understand.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import type { CardTokens } from '../vault/card-tokens.ts';
import type { Caller } from './callers.ts';
import type { QueuedPayments } from './queued-payments.ts';

// How a desk calls the core: a message as if it had come in by a listener, from a sender that is proven already, since
// his key was looked at; and the wait for the answer, which has an end.

export interface DeskParts {
  readonly settings: GatewaySettings;
  /** Those of requests, whose waits the gate counts. */
  readonly ports: Ports;
  readonly tokens: CardTokens;
  /** Where an id may lead that is not in the journal. */
  readonly queued: Pick<QueuedPayments, 'find'>;
}

/** What is known of a request beside its body. */
export interface Asking {
  readonly caller: Caller;
  readonly receivedAt: Monotonic;
}

/** Of one that does something. */
export interface NamedAsking extends Asking {
  readonly idempotencyKey: string;
  /** Gives its place at the gate to the next. */
  readonly leavePlace: () => void;
}

/** What is done for a merchant: with a key of his, or later, when what he asked for can be done. */
export type MerchantAsking = Omit<NamedAsking, 'caller'> & { readonly caller: Pick<Caller, 'merchant'> };

const NAME_LENGTH = 22;

/** What an Idempotency-Key is known by: it may be anything, and a name has a length. */
export function nameOf(idempotencyKey: string): string {
  return hash('sha256', idempotencyKey, 'base64url').slice(0, NAME_LENGTH);
}

function partyOf(merchant: string): PartyKey {
  return partyKey('', merchant, GATEWAY_NAME);
}

/** Under which the journal has the payment of a name that was asked for about then. */
export function keyOfNamed(merchant: string, name: string, at: number): string {
  return namedKey(partyOf(merchant), name, at);
}

/** @param content a hash of all that is asked for: under the same key it must be the same */
export function inboundOf(
  message: TerminalMessage,
  content: string,
  { caller, receivedAt, leavePlace, idempotencyKey }: MerchantAsking,
  { ports, settings }: Pick<DeskParts, 'ports' | 'settings'>,
): Inbound {
  const { merchant } = caller;
  const came = { message, sealed: undefined, receivedAt, leavePlace };
  const now = ports.clock.monotonic();
  const received = receive(came, asListener(settings), ports.settings, now);
  const { sealed: _, certificate: __, ...rest } = received;
  const name = nameOf(idempotencyKey);
  return {
    ...rest,
    sender: { ...understandSender(message, ports.clock), named: { name, content } },
    party: { terminal: undefined, merchant, key: partyOf(merchant.id) },
    keys: undefined,
  };
}

/** The reply, or nothing once its last moment is over: what comes then is asked for by GET. */
export async function inTime(
  reply: Promise<ReplyFields | undefined>,
  lastMoment: Monotonic,
  clock: Clock,
): Promise<ReplyFields | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = clock.after(Math.max(0, lastMoment - clock.monotonic()), () => late.resolve(undefined));
  try {
    return await Promise.race([reply, late.promise]);
  } finally {
    timer.cancel();
  }
}

/** As the core knows a listener: of an application it asks for no MAC. */
function asListener({ host, port, acquirer }: GatewaySettings): ListenerSettings {
  return {
    name: GATEWAY_NAME,
    host,
    port,
    acquirer,
    mac: 'none',
    dialect: 'iso87-ascii',
    framing: 'length-2',
    idleTimeoutMs: 60_000,
    maxFrameBytes: 4_096,
    maxConnections: 1_000,
    maxInFlightPerConnection: 256,
  };
}
