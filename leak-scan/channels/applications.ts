/**
 * Applications and operators: card numbers, tracks and verification values where a token, a name or nothing belongs,
 * in every part of a request that a server may write down. What is answered is kept with its head.
 */
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import type { System } from '../../deploy/start/system.ts';
import { developmentApiKey } from '../../switch/config/gateway.ts';
import type { Card, Wallet } from '../secrets/wallet.ts';
import type { Answers } from './answers.ts';
import { MERCHANT } from './post.ts';

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const ANSWER_WITHIN_MS = 10_000;
const NO_PAYMENT = '00000000-0000-7000-8000-000000000000';

export interface Applications {
  readonly system: System;
  readonly wallet: Wallet;
  readonly answers: Answers;
}

export async function useGateway({ system, wallet, answers }: Applications): Promise<void> {
  const card = (what: string) => wallet.card(`gateway, ${what}`);
  const ask = (what: string, asked: Asked) => tell(answers, `gateway, ${what}`, system.gatewayUrl, asked);
  const good = card('card token');
  const made = await ask('card token', {
    path: '/api/v1/card-tokens',
    body: { pan: good.pan, expiry_month: 12, expiry_year: 2030 },
  });
  const token = /"card_token":"([^"]+)"/.exec(made)?.[1] ?? '';
  await ask('payment', { path: '/api/v1/payments', body: orderOf(token) });

  for (const [what, asked] of badRequests(card, token)) await ask(what, asked);
}

function badRequests(card: (what: string) => Card, token: string): [string, Asked][] {
  const cards = (what: string, body: (card: Card) => unknown): [string, Asked] => {
    const drawn = card(what);
    return [what, { path: '/api/v1/card-tokens', body: body(drawn) }];
  };
  const payments = (
    what: string,
    order: (card: Card) => object,
    headers: (card: Card) => Record<string, string> = () => ({}),
  ): [string, Asked] => {
    const drawn = card(what);
    return [
      what,
      { path: '/api/v1/payments', body: { ...orderOf(token), ...order(drawn) }, headers: headers(drawn) },
    ];
  };
  return [
    cards('verification value', (each) => ({
      pan: each.pan,
      cvv: each.verificationValue('cvv'),
      expiry_month: 12,
    })),
    cards('track 2 for a number', (each) => ({ pan: each.track2 })),
    cards('number with blanks', (each) => ({ pan: each.pan.replaceAll(/(.{4})/g, '$1 '), expiry_month: 12 })),
    cards('wrong check digit', (each) => ({
      pan: each.pan.slice(0, -1) + ((Number(each.pan.at(-1)) + 1) % 10),
    })),
    cards('unfinished JSON', (each) => `{"pan":"${each.pan}","track1":"${each.track1}"`),
    payments('number for a token', (each) => ({ card_token: each.pan })),
    payments('number beside a token', (each) => ({
      card_number: each.pan,
      cvv: each.verificationValue('cvv'),
    })),
    payments('number for a consumer', (each) => ({ consumer_id: each.pan })),
    payments('number for a supplier', (each) => ({ supplier_ids: [each.pan] })),
    payments('number for a merchant', (each) => ({ merchant_id: each.pan })),
    payments('number for a type', (each) => ({ card_type: each.track2 })),
    payments(
      'number for a key',
      () => ({}),
      (each) => ({ 'idempotency-key': each.pan }),
    ),
    payments(
      'number for a right',
      () => ({}),
      (each) => ({ authorization: `Bearer ${each.pan}` }),
    ),
    payments(
      'track for a signature',
      () => ({}),
      (each) => ({
        authorization: `Bearer ${Buffer.from(`{"alg":"HS256"}`).toString('base64url')}.${Buffer.from(each.track1).toString('base64url')}.x`,
      }),
    ),
    ['number in a path', { method: 'GET', path: `/api/v1/payments/${card('number in a path').pan}` }],
    [
      'number in a query',
      { method: 'GET', path: `/api/v1/payments/${NO_PAYMENT}?card=${card('number in a query').pan}` },
    ],
    [
      'number for an erased token',
      { method: 'DELETE', path: `/api/v1/card-tokens/${card('number for an erased token').pan}` },
    ],
    [
      'number in an unknown route',
      { method: 'GET', path: `/cards/${card('number in an unknown route').pan}` },
    ],
  ];
}

/** Operators' questions and orders, and reasons with a card number in them. */
export async function useAdmin({ system, wallet, answers }: Applications): Promise<void> {
  const card = (what: string) => wallet.card(`admin API, ${what}`);
  const ask = (what: string, asked: Asked) => tell(answers, `admin API, ${what}`, system.adminUrl, asked);
  const reason = card('reason');
  await ask('path', { method: 'GET', path: `/api/v1/transactions/${card('path').pan}` });
  await ask('query', { method: 'GET', path: `/api/v1/transactions?pan=${card('query').pan}` });
  await ask('search', { method: 'GET', path: `/api/v1/transactions?rrn=${card('search').pan.slice(-12)}` });
  await ask('route', { method: 'GET', path: `/api/v1/cards/${card('route').pan}` });
  await ask('body', { path: '/api/v1/degraded-modes', body: { mode: card('body').pan } });
  await ask('unfinished body', {
    path: '/api/v1/degraded-modes',
    body: `{"reason":"${card('unfinished body').track2}`,
  });
  await ask('reason', {
    path: '/api/v1/alerts/1/acknowledge',
    body: { by: 'leak-scan', why: `card ${reason.pan}` },
  });
  await ask('host', { method: 'GET', path: '/health', headers: { host: card('host').pan } });
  for (const path of [
    '/health',
    '/ready',
    '/api/v1/alerts',
    '/api/v1/degraded-modes',
    '/api/v1/parked-follow-ups',
    '/api/v1/transactions?limit=200',
  ]) {
    await ask(path, { method: 'GET', path });
  }
}

/** What the processes say of themselves. */
export async function readMetrics({ system, wallet }: Applications, metrics: Answers): Promise<void> {
  for (const url of [system.statusUrl, system.workerStatusUrl]) {
    const { origin } = new URL(url);
    for (const path of ['/status', '/hsm', '/metrics', `/status?card=${wallet.card('status, query').pan}`]) {
      await tell(metrics, `${origin}${path.split('?')[0]}`, origin, { method: 'GET', path });
    }
  }
}

function orderOf(token: string): object {
  return {
    merchant_id: MERCHANT,
    consumer_id: 'consumer-7',
    amount: { value: 2_500, currency: 'EUR' },
    card_token: token,
    receipt_data: Buffer.from('two coffees').toString('base64'),
    supplier_ids: ['roaster-1'],
  };
}

/** Asks, and keeps the whole of the answer. @returns its body */
export function tell(
  answers: Answers,
  what: string,
  base: string,
  { method = 'POST', path, headers, body }: Asked,
): Promise<string> {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const { hostname, port } = new URL(base);
  return new Promise((resolve) => {
    const ended = (head: string, said: Buffer) => {
      answers.keep(what, Buffer.concat([Buffer.from(`${head}\r\n`), said]));
      resolve(said.toString());
    };
    const options = {
      hostname,
      port,
      path,
      method,
      timeout: ANSWER_WITHIN_MS,
      headers: {
        authorization: `Bearer ${developmentApiKey(MERCHANT)}`,
        'idempotency-key': randomUUID(),
        ...(text !== '' && {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(text)),
        }),
        ...headers,
      },
    };
    const asking = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('close', () =>
        ended(`${response.statusCode} ${response.rawHeaders.join('\r\n')}`, Buffer.concat(chunks)),
      );
    });
    asking.on('timeout', () => asking.destroy(new Error('no answer')));
    asking.on('error', (error) => ended('no answer', Buffer.from(error.message)));
    asking.end(text);
  });
}
