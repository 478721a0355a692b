import type { LedgerPage } from '../common/control.ts';
import { callControl } from '../common/control-client.ts';
import type { PopRow } from './memory.ts';
import type { PopRule } from './scenario.ts';

export interface PopHealth {
  status: 'up';
  open: number;
  api: 'up' | 'down';
}

/** Drives a running PoP simulator through its control port. Every call may throw SIM_CONTROL_REFUSED. */
export function popControl(url: string) {
  return {
    health: () => callControl<PopHealth>(url, 'GET', '/health'),
    script: (rule: PopRule) => callControl<unknown>(url, 'POST', '/scenarios', rule),
    reset: () => callControl<unknown>(url, 'DELETE', '/scenarios'),
    /** Stops listening on the API port, as a dead service would; `up` listens again on the same port. */
    down: () => callControl<unknown>(url, 'POST', '/down'),
    up: () => callControl<unknown>(url, 'POST', '/up'),
    /** `where` selects rows by their fields. */
    ledger: (where: Partial<Record<keyof PopRow | 'limit', string>> = {}) =>
      callControl<LedgerPage<PopRow>>(url, 'GET', `/ledger?${new URLSearchParams(where)}`),
  };
}
