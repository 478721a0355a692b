import type { LedgerPage } from '../common/control.ts';
import { callControl } from '../common/control-client.ts';
import type { VisaRow } from './book.ts';
import type { VisaRule } from './scenario.ts';

export interface VisaHealth {
  status: 'up';
  listening: boolean;
  links: number;
  signedOn: number;
}

/** Drives a running Visa simulator through its control port. Every call may throw SIM_CONTROL_REFUSED. */
export function visaControl(url: string) {
  return {
    health: () => callControl<VisaHealth>(url, 'GET', '/health'),
    script: (rule: VisaRule) => callControl<unknown>(url, 'POST', '/scenarios', rule),
    /** Back to the test cards' own behaviour. */
    reset: () => callControl<unknown>(url, 'DELETE', '/scenarios'),
    /** Breaks every connection; the host keeps listening. */
    dropLinks: () => callControl<unknown>(url, 'POST', '/drop-links'),
    /** Stops listening and breaks every connection, as a dead host would; `up` listens again on the same port. */
    down: () => callControl<unknown>(url, 'POST', '/down'),
    up: () => callControl<unknown>(url, 'POST', '/up'),
    /** `where` selects rows by their fields. */
    ledger: (where: Partial<Record<keyof VisaRow | 'limit', string>> = {}) =>
      callControl<LedgerPage<VisaRow>>(url, 'GET', `/ledger?${new URLSearchParams(where)}`),
  };
}
