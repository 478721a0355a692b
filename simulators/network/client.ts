import type { LedgerPage } from '../common/control.ts';
import { callControl } from '../common/control-client.ts';
import type { Standing } from './card-accounts.ts';
import type { NetworkRow } from './rows.ts';
import type { NetworkRule } from './scenario.ts';
import type { KeyChange } from './zone-key.ts';

export interface NetworkHealth {
  status: 'up';
  listening: boolean;
  links: number;
  signedOn: number;
  /** Echoes of the host that its links answered. */
  echoesAnswered: number;
  /** The KCV of the key that the acquirers have agreed to, whether another is offered, how many they refused. */
  zoneKey: { kcv: string; isOffered: boolean; refused: number };
}

export interface NetworkLedgerPage extends LedgerPage<NetworkRow> {
  /** Per currency: what stands now. */
  positions: Record<string, Standing>;
}

/** Drives a running network simulator through its control port. Every call may throw SIM_CONTROL_REFUSED. */
export function networkControl(url: string) {
  return {
    health: () => callControl<NetworkHealth>(url, 'GET', '/health'),
    script: (rule: NetworkRule) => callControl<unknown>(url, 'POST', '/scenarios', rule),
    /** Back to the test cards' own behaviour. */
    reset: () => callControl<unknown>(url, 'DELETE', '/scenarios'),
    /** Sends an echo request over every link; `health` counts the answers. */
    echo: () => callControl<NetworkHealth>(url, 'POST', '/echo'),
    /** Sends another zone PIN key over one link, or the same again where it was not answered. */
    changeKey: (change: KeyChange = {}) => callControl<NetworkHealth>(url, 'POST', '/change-key', change),
    /** Breaks every connection; the host keeps listening. */
    dropLinks: () => callControl<unknown>(url, 'POST', '/drop-links'),
    /** Stops listening and breaks every connection, as a dead host would; `up` listens again on the same port. */
    down: () => callControl<unknown>(url, 'POST', '/down'),
    up: () => callControl<unknown>(url, 'POST', '/up'),
    /** `where` selects rows by their fields. */
    ledger: (where: Partial<Record<keyof NetworkRow | 'limit', string>> = {}) =>
      callControl<NetworkLedgerPage>(url, 'GET', `/ledger?${new URLSearchParams(where)}`),
  };
}
