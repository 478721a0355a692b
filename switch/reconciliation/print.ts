import { CASE_ACTIONS, CASE_KINDS } from '../cases/case-kinds.ts';
import type { Case, CaseEvent } from './cases.ts';
import { csvLine } from './csv.ts';
import { formatAmount } from './money.ts';
import type { Report, ReportedDifference } from './reconcile.ts';
import type { TotalsLine } from './totals.ts';

const OUTCOMES: Readonly<Record<Report['outcome'], string>> = {
  agrees: 'The ledgers agree.',
  explained: 'The ledgers differ, and every difference has a case.',
  incomplete: 'NOT RECONCILED: see what is under way, not compared or unexplained.',
};

/** A report as people read it. */
export function printReport(report: Report): string {
  const { date, differences, batches, notCompared } = report;
  const underWay = differences.filter((difference) => difference.case === null);
  const lines = [
    `Reconciliation of ${date ?? 'all business dates'}, at ${report.at}: ${report.transactions} transactions`,
    '',
    ...table([
      ['LEDGER', 'CURRENCY', '', 'JOURNAL', 'COUNTERPART', 'DIFFERENCE', 'UNEXPLAINED'],
      ...[...report.networkTotals, ...report.proofTotals].flatMap(totalsRows),
    ]),
    '',
    `Terminal batches closed: ${batches.closed}, out of balance: ${batches.outOfBalance}`,
    ...Object.entries(notCompared).map(
      ([network, count]) => `Not compared: ${count} transactions of ${network}, whose ledger was not given`,
    ),
  ];
  const cased = differences.filter((difference) => difference.case !== null);
  if (cased.length > 0) lines.push('', `Differences: ${cased.length}`, ...differenceTable(cased));
  if (underWay.length > 0) {
    lines.push('', `Under way, no case yet: ${underWay.length}`, ...differenceTable(underWay));
  }
  return [...lines, '', OUTCOMES[report.outcome]].join('\n');
}

/** The differences of a report as CSV; amounts in the currency's own unit. */
export function reportCsv({ differences }: Report): string {
  const head = [
    'case',
    'state',
    'kind',
    'network',
    'business_date',
    'currency',
    'amount',
    'transaction',
    'action',
  ];
  return [
    csvLine(head),
    ...differences.map((difference) =>
      csvLine([
        difference.case,
        difference.caseState ?? 'under way',
        difference.kind,
        difference.network,
        difference.businessDate,
        difference.currency,
        decimal(difference.amount, difference.currency),
        difference.transaction ?? difference.subject,
        difference.action,
      ]),
    ),
  ].join('\n');
}

export function printCases(cases: readonly Case[]): string {
  if (cases.length === 0) return 'No cases.';
  const rows = cases.map((found) => [
    String(found.id),
    found.state,
    found.kind,
    found.business_date ?? '',
    found.network ?? '',
    amountOf(found),
    found.currency ?? '',
    found.action ?? `(${found.suggested_action})`,
    found.transaction ?? found.subject,
  ]);
  const head = ['CASE', 'STATE', 'KIND', 'DATE', 'NETWORK', 'AMOUNT', 'CURRENCY', 'ACTION', 'ABOUT'];
  return table([head, ...rows]).join('\n');
}

export function casesCsv(cases: readonly Case[]): string {
  const head = ['case', 'state', 'kind', 'business_date', 'network', 'currency', 'amount', 'about', 'action'];
  return [
    csvLine([...head, 'suggested_action', 'proposed_by', 'opened_at']),
    ...cases.map((found) =>
      csvLine([
        found.id,
        found.state,
        found.kind,
        found.business_date,
        found.network,
        found.currency,
        found.amount === null ? null : decimal(found.amount, found.currency ?? ''),
        found.transaction ?? found.subject,
        found.action,
        found.suggested_action,
        found.proposed_by,
        found.opened_at,
      ]),
    ),
  ].join('\n');
}

/** One case with all that is known of it. */
export function printCase(found: Case, history: readonly CaseEvent[]): string {
  const { kind, suggested_action: suggested, is_automatic: automatic } = found;
  return [
    `Case ${found.id}, ${found.state}: ${kind}, ${CASE_KINDS[kind]}`,
    `About      ${found.transaction ?? found.subject}`,
    `Amount     ${amountOf(found)} ${found.currency ?? ''}`,
    `Suggested  ${suggested}: ${CASE_ACTIONS[suggested]}${automatic ? ' (safe: one person is enough)' : ''}`,
    '',
    ...table(history.map((event) => [event.at, event.what, event.by, event.action ?? '', event.note ?? ''])),
    '',
    JSON.stringify(found.evidence, null, 2),
  ].join('\n');
}

function totalsRows({ ledger, currency, ...line }: TotalsLine<object>): string[][] {
  return Object.keys(line.journal).map((account, index) => {
    const amount = (amounts: object) => formatAmount(Number(Reflect.get(amounts, account)), currency);
    const { journal, counterpart, explained, unexplained } = line;
    const names = index === 0 ? [ledger, currency] : ['', ''];
    return [...names, account, amount(journal), amount(counterpart), amount(explained), amount(unexplained)];
  });
}

function differenceTable(differences: readonly ReportedDifference[]): string[] {
  const head = ['CASE', 'STATE', 'KIND', 'NETWORK', 'AMOUNT', 'CURRENCY', 'ACTION', 'ABOUT'];
  const rows = differences.map((difference) => [
    String(difference.case ?? ''),
    difference.caseState ?? '',
    difference.kind,
    difference.network ?? '',
    formatAmount(difference.amount, difference.currency),
    difference.currency,
    difference.action,
    difference.transaction ?? difference.subject,
  ]);
  return table([head, ...rows]);
}

/** CSV knows numbers: a minus is no formula there. */
function decimal(minorUnits: number, currency: string): string {
  return formatAmount(Math.abs(minorUnits), currency);
}

function amountOf({ amount, currency }: Case): string {
  return amount === null ? '' : formatAmount(amount, currency ?? '');
}

/** Columns as wide as their widest cell; amounts to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  return rows.map((cells) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return /^-?[\d.]+$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
