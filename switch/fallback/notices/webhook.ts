import { createHmac, timingSafeEqual } from 'node:crypto';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { atDeadline, type Clock, type Monotonic, tlsStrength } from '../../../runtime/index.ts';
import type { DeliveryLog } from './deliveries.ts';

/** Where a merchant is told, and the secret that both ends know. */
export interface Webhook {
  readonly url: string;
  readonly secret: Buffer;
  /** While a secret is changed: the one before, under which is signed as well. */
  readonly formerSecret?: Buffer;
}

/** What became of a posted notice. */
export type WebhookOutcome =
  | { readonly status: 'answered'; readonly code: number }
  | { readonly status: 'unreachable'; readonly reason: string };

export interface WebhookSender {
  /** Never rejects. */
  post(webhook: Webhook, id: string, body: string, deadline: Monotonic): Promise<WebhookOutcome>;
}

/** Whom to tell, and how. */
export interface Notifications {
  readonly sender: WebhookSender;
  /** Absent: no attempt is logged. */
  readonly deliveries?: DeliveryLog;
  /** By merchant. */
  readonly webhooks: ReadonlyMap<string, Webhook>;
}

export const SIGNATURE_HEADER = 'etika-signature';
export const NOTICE_ID_HEADER = 'etika-notice-id';
/** A receiver refuses what was signed longer ago, or later than now by as much: it may be a replay. */
export const REPLAY_WINDOW_SECONDS = 300;

/**
 * `t=<seconds since the epoch>,v1=<HMAC-SHA256 of "t.body", hexadecimal>`; another `v1` of the secret before, while it
 * is changed.
 */
export function signature(secret: Uint8Array, body: string, seconds: number, former?: Uint8Array): string {
  const macs = former ? [secret, former] : [secret];
  return [`t=${seconds}`, ...macs.map((each) => `v1=${mac(each, body, seconds)}`)].join(',');
}

/** What a receiver does: a signature is right, and it is not a replay. @param seconds the receiver's time */
export function verifySignature(secret: Uint8Array, body: string, header: string, seconds: number): boolean {
  const [, signedAt, given = ''] = /^t=(\d{1,12})((?:,v1=[0-9a-f]{64}){1,2})$/.exec(header) ?? [];
  if (signedAt === undefined) return false;
  if (Math.abs(seconds - Number(signedAt)) > REPLAY_WINDOW_SECONDS) return false;
  const expected = Buffer.from(mac(secret, body, Number(signedAt)), 'hex');
  const shown = given.split(',v1=').slice(1);
  return shown.some((each) => timingSafeEqual(expected, Buffer.from(each, 'hex')));
}

function mac(secret: Uint8Array, body: string, seconds: number): string {
  return createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
}

/** Posts over HTTP or HTTPS. Redirects are not followed, and the answer's body is not read. */
export function webhookSender(clock: Clock): WebhookSender {
  return {
    post: ({ url, secret, formerSecret }, id, body, deadline) =>
      new Promise((resolve) => {
        const target = new URL(url);
        const isSecure = target.protocol === 'https:';
        const request = (isSecure ? httpsRequest : httpRequest)(target, {
          method: 'POST',
          // Said here, so that no environment of the process says otherwise.
          ...(isSecure && { rejectUnauthorized: true, ...tlsStrength() }),
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            [NOTICE_ID_HEADER]: id,
            [SIGNATURE_HEADER]: signature(secret, body, Math.floor(clock.wall() / 1_000), formerSecret),
          },
        });
        settle(request, clock, deadline, resolve);
        request.end(body);
      }),
  };
}

function settle(
  request: ClientRequest,
  clock: Clock,
  deadline: Monotonic,
  resolve: (outcome: WebhookOutcome) => void,
): void {
  const finish = (outcome: WebhookOutcome) => {
    timer.cancel();
    resolve(outcome);
  };
  const timer = atDeadline(clock, deadline, () => {
    finish({ status: 'unreachable', reason: 'no answer by the deadline' });
    request.destroy();
  });
  request.on('error', ({ message }) => finish({ status: 'unreachable', reason: message }));
  request.on('response', (response) => {
    finish({ status: 'answered', code: response.statusCode ?? 0 });
    response.destroy();
  });
}
