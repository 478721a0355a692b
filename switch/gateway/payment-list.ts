import { hash } from 'node:crypto';
import { type Clock, DAY_MS, uuidBoundOf } from '../../runtime/index.ts';
import type { DeliveryReader } from '../fallback/notices/deliveries.ts';
import type { ListedPayment, PageWanted, PaymentPages } from '../projection/application-payments.ts';
import type { Asking } from './core-call.ts';
import { listedView, standingsWith } from './payment-view.ts';
import { fieldProblem, Problem } from './problems.ts';
import type { PaymentData, PaymentListQuery } from './schemas.ts';

// A merchant's payments, a page at a time. A cursor is where the page before ended, with a check of who asked for what:
// one that was made up, or comes with another question, is refused. It is not signed, since it opens nothing: whatever
// it says, a page holds payments of the asking merchant alone.

const USUAL_LIMIT = 20;
const USUAL_SPAN_MS = 31 * DAY_MS;
const LONGEST_SPAN_MS = 366 * DAY_MS;
const ID_BYTES = 16;
const CHECK_BYTES = 8;

export interface PaymentListed {
  readonly payments: readonly PaymentData[];
  readonly next_cursor: string | null;
}

export interface ListParts {
  readonly pages: PaymentPages;
  readonly deliveries: DeliveryReader;
  readonly clock: Pick<Clock, 'wall'>;
}

/** @throws Problem GW_FIELD, GW_UNAVAILABLE */
export async function listPayments(
  query: PaymentListQuery,
  { caller }: Asking,
  { pages, clock }: Pick<ListParts, 'pages' | 'clock'>,
): Promise<PaymentListed> {
  const { limit: asked, cursor, ...question } = query;
  const limit = asked === undefined ? USUAL_LIMIT : Number(asked);
  const check = checkOf(caller.merchant.id, question);
  const after = cursor === undefined ? undefined : readCursor(cursor, check);
  const { status, reference: rrn } = question;
  const wanted: PageWanted = {
    merchant: caller.merchant.id,
    ...spanOf(query, clock.wall()),
    after,
    standings: status && standingsWith(status),
    rrn,
    limit: limit + 1,
  };

  const found = await pages.page(wanted).catch(asUnavailable);
  const listed = found.slice(0, limit);
  const last = found.length > limit ? listed.at(-1) : undefined;
  return {
    payments: listed.map(listedView),
    next_cursor: last ? cursorOf(last, check) : null,
  };
}

function asUnavailable(cause: unknown): never {
  throw new Problem(
    'GW_UNAVAILABLE',
    { detail: 'the payments cannot be read now: ask again, or for a shorter time' },
    { cause },
  );
}

/** Ids of the first and the last moment. @throws Problem GW_FIELD */
function spanOf(
  { created_from, created_to }: PaymentListQuery,
  nowMs: number,
): Pick<PageWanted, 'from' | 'to'> {
  const to = created_to === undefined ? nowMs + DAY_MS : momentOf(created_to, '/created_to');
  const from = created_from === undefined ? to - USUAL_SPAN_MS : momentOf(created_from, '/created_from');
  if (from > to) throw fieldProblem('/created_from', 'lies behind created_to');
  if (to - from > LONGEST_SPAN_MS) {
    throw fieldProblem('/created_from', 'lies more than 366 days before created_to');
  }
  return { from: uuidBoundOf(from), to: uuidBoundOf(to, 'f') };
}

function momentOf(text: string, path: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at) || at < 0) throw fieldProblem(path, 'is no moment');
  return at;
}

function checkOf(merchant: string, question: Omit<PaymentListQuery, 'limit' | 'cursor'>): Buffer {
  const { status, created_from, created_to, reference } = question;
  const asked = JSON.stringify([merchant, status, created_from, created_to, reference]);
  return hash('sha256', asked, 'buffer').subarray(0, CHECK_BYTES);
}

function cursorOf({ transaction }: ListedPayment, check: Buffer): string {
  return Buffer.concat([Buffer.from(transaction.replaceAll('-', ''), 'hex'), check]).toString('base64url');
}

/** @throws Problem GW_FIELD */
function readCursor(cursor: string, check: Buffer): string {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== ID_BYTES + CHECK_BYTES || !bytes.subarray(ID_BYTES).equals(check)) {
    throw fieldProblem('/cursor', 'is of another question');
  }
  const id = bytes.subarray(0, ID_BYTES).toString('hex');
  return [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join('-');
}
