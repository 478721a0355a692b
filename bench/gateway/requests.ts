/** Payments that applications ask for at a steady rate, each when it is due, whatever became of those before. */
export interface Requests {
  readonly host: string;
  readonly port: number;
  /** What every request shows: an API key, or a token of the platform. */
  readonly bearer: string;
  /** Of cards that are approved; they take turns. */
  readonly tokens: readonly string[];
  /** A second. */
  readonly rate: number;
  readonly total: number;
  /** At most, each with one request at a time. */
  readonly connections: number;
  /** Of its idempotency keys: no two cases share one. */
  readonly name: string;
  /** How long after the last payment was due its answer is still waited for. */
  readonly patienceMs: number;
}

/** What became of each payment, by its number, as the applications saw it. */
export interface Answered {
  /** HTTP; 0 where there was no answer. */
  readonly statuses: Uint16Array;
  /** From the moment a payment was due to its answer. */
  readonly latencyMs: Float64Array;
  /** The ids of those that were approved. */
  readonly approved: readonly string[];
  /** By how much the generator itself was late at worst. */
  readonly behindMs: number;
  /** Of the generator, in microseconds. */
  readonly cpuUs: number;
}

export const CREATED = 201;
/** What a payment is of, in minor units, as a terminal's purchase of the bench. */
export const AMOUNT = 2_500;

/** The bytes of a request, whole: an application that is measured builds nothing while the clock runs. */
export function requestBytes({ host, port, bearer, tokens, name }: Requests, index: number): Buffer {
  const body = JSON.stringify({
    amount: { value: AMOUNT, currency: 'EUR' },
    card_token: tokens[index % tokens.length],
    consumer_id: `consumer-${index % 1_000}`,
  });
  const head = [
    'POST /api/v1/payments HTTP/1.1',
    `host: ${host}:${port}`,
    `authorization: Bearer ${bearer}`,
    'content-type: application/json',
    `idempotency-key: ${name}-${index}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}
