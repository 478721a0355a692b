import { mtiName, responseCodeName } from '../../messages/index.ts';
import type { Exchange } from './exchange.ts';
import type { KeyDownload } from './key-download.ts';
import type { LoadProgress, LoadResult } from './load.ts';
import { majorUnits } from './money.ts';
import type { TerminalMessage } from './profiles.ts';
import type { SampleReply } from './sample.ts';
import type { Settlement } from './settle.ts';

type Row = [label: string, value: string | undefined];

function table(rows: readonly Row[]): string {
  const shown = rows.filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([label]) => label.length));
  return shown.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n');
}

/** An exchange as a table for people. */
export function exchangeTable(exchange: Exchange): string {
  const { amount, approvalCode, code, currency, macVerified, ms, mti, reply, rrn, stan, terminal } = exchange;
  const money = amount === undefined || !currency ? undefined : moneyText(amount, currency);
  const outcome = code === undefined ? undefined : `${code} ${responseCodeName(code) ?? ''}`.trimEnd();
  return table([
    ['message', `${mti} ${mtiName(mti)}`],
    ['terminal', terminal],
    ['STAN', stan],
    ['amount', money],
    ['answer', reply ? `${reply.mti} after ${ms} ms` : `none: ${whyNone(exchange)}`],
    ['response', outcome],
    ['RRN', rrn],
    ['approval', approvalCode],
    ...balanceRows(reply),
    ['reversal', exchange.reversal],
    ['MAC', macVerified === undefined ? undefined : macVerified ? 'verified' : 'MISSING OR WRONG'],
  ]);
}

function whyNone({ reason, why }: Pick<Exchange, 'reason' | 'why'>): string {
  return [reason, why].filter((part) => part !== undefined).join(', ');
}

function moneyText(amount: number, currency: string): string {
  return `${amount < 0 ? '-' : ''}${majorUnits(Math.abs(amount), currency)} (${currency})`;
}

/** DE54 amount types of a balance inquiry. */
const BALANCES: Readonly<Record<string, string>> = { '01': 'ledger balance', '02': 'available balance' };

function balanceRows(reply: TerminalMessage | undefined): Row[] {
  return (reply?.de54 ?? []).flatMap(({ amount, amountType, currency, sign }): Row[] => {
    const label = BALANCES[amountType];
    const minorUnits = sign === 'D' ? 0 - Number(amount) : Number(amount);
    return label ? [[label, moneyText(minorUnits, currency)]] : [];
  });
}

export function settlementTable({
  batch,
  currency,
  exchanges,
  settled,
  totals,
  uploaded,
}: Settlement): string {
  const total = ({ amount, count }: { amount: number; count: number }) =>
    `${count}, ${moneyText(amount, currency)}`;
  return table([
    ['batch', String(batch).padStart(6, '0')],
    ['sales', total(totals.sales)],
    ['refunds', total(totals.refunds)],
    ...exchanges.map((sent): Row => [mtiName(sent.mti), answerLine(sent)]),
    ['uploaded', uploaded > 0 ? String(uploaded) : undefined],
    ['settled', settled ? 'yes' : 'NO'],
  ]);
}

function answerLine(sent: Exchange): string {
  const { mti, stan, code } = sent;
  const answer = code === undefined ? `none: ${whyNone(sent)}` : `${code} ${responseCodeName(code) ?? ''}`;
  return `${mti}, STAN ${stan}: ${answer}`.trimEnd();
}

export function keyDownloadTable({ computed, exchanges, installed, reason }: KeyDownload): string {
  return table([
    ...exchanges.map((sent): Row => [mtiName(sent.mti), answerLine(sent)]),
    ['PIN key', computed && `KCV ${computed.pin}`],
    ['MAC key', computed && `KCV ${computed.mac}`],
    ['installed', installed ? 'yes' : `NO${reason === undefined ? '' : `: ${reason}`}`],
  ]);
}

export function keyDownloadJson(download: KeyDownload): string {
  return JSON.stringify({
    ...download,
    exchanges: download.exchanges.map(({ reply: _, ...exchange }) => exchange),
  });
}

export function settlementJson(settlement: Settlement): string {
  return JSON.stringify({
    ...settlement,
    exchanges: settlement.exchanges.map(({ reply: _, ...exchange }) => exchange),
  });
}

/** An exchange without the message itself, for machines. */
export function exchangeJson({ reply, ...exchange }: Exchange): string {
  return JSON.stringify({ ...exchange, ...(reply ? { replyMti: reply.mti } : {}) });
}

export function sampleTable(reply: SampleReply, macVerified: boolean | undefined): string {
  if (reply.outcome === 'unreadable') return `answer unreadable: ${reply.reason}`;
  if (reply.outcome !== 'answered') return reply.outcome === 'closed' ? 'connection closed' : 'no answer';
  const { message } = reply;
  const mac: Row = [
    'MAC',
    macVerified === undefined ? undefined : macVerified ? 'verified' : 'MISSING OR WRONG',
  ];
  return table([['answer', `${message.mti} ${mtiName(message.mti)}`], ...fieldRows(message), mac]);
}

/** Data elements by number; sensitive ones print masked. */
function fieldRows(message: TerminalMessage): Row[] {
  return Object.entries(message)
    .filter(([name, value]) => name.startsWith('de') && value !== undefined)
    .map(([name, value]) => {
      const text =
        typeof value === 'object' && value.constructor === Object ? JSON.stringify(value) : String(value);
      const meaning = name === 'de39' ? responseCodeName(text) : undefined;
      return [`DE${name.slice(2)}`, meaning ? `${text} ${meaning}` : text];
    });
}

export function progressLine({ answered, approved, seconds, sent }: LoadProgress): string {
  return `${seconds.toFixed(0)} s: ${sent} sent, ${answered} answered, ${approved} approved`;
}

export function loadTable(result: LoadResult): string {
  const codes = Object.entries(result.codes).map(([code, times]) => `${code} × ${times}`);
  return table([
    ['sent', String(result.sent)],
    ['answered', `${result.answered} (${result.throughput.toFixed(1)} a second)`],
    ['approved', String(result.approved)],
    ['unanswered', [result.unanswered, result.why].filter((part) => part !== undefined).join(', ')],
    ['skipped', String(result.skipped)],
    ['unexpected', String(result.unexpected)],
    [
      'latency',
      `p50 ${result.p50Ms.toFixed(1)} ms, p99 ${result.p99Ms.toFixed(1)} ms, max ${result.maxMs.toFixed(1)} ms`,
    ],
    ['codes', codes.join(', ')],
  ]);
}
