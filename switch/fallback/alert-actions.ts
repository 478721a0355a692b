import type { Alert } from './alerts.ts';

/** What to do about an alert, in a sentence, and the page that says more. */
export const ALERT_ACTIONS: Readonly<Record<Alert['kind'], string>> = {
  'degraded-mode':
    'See whether the counterpart is there (docs/fallback.md, by scenario); it closes by itself when answers are good again.',
  'follow-up-parked':
    'See the reason and mend it, then: etika-switch parked replay (docs/fallback.md#how-follow-ups-are-tried-again). It closes when nothing is parked.',
  case: 'Compare the ledgers and resolve the case: etika-switch recon cases (docs/reconciliation.md).',
  clock:
    "Set the clock that is wrong (docs/runbooks.md#a-clock-is-wrong): chrony or NTP of the node, or of the database's machine.",
  'log-lost':
    'Make room on the disk of the log (docs/runbooks.md#the-disk-is-full); it closes when lines are written again.',
  'data-lost':
    'Do not start the old primary again; start every node with its files (docs/runbooks.md#a-fail-over-lost-data), then: etika-switch recon run.',
  flood:
    'See who it is (docs/runbooks.md#the-log-is-flooded) and have it stopped on its way; others are served meanwhile. It closes when it is over.',
  'process-died':
    'See in its log why (docs/runbooks.md#a-node-is-dead), and start it where nobody has; it closes when it has been up for ten seconds.',
  'fraud-blocks':
    'See whether somebody attacks or a rule is wrong (docs/fraud.md#when-much-is-blocked); a wrong rule gets another action. It closes when it is over.',
  'late-work':
    'See whether workers live and the database answers (docs/runbooks.md#the-database-is-away); it closes when the work is done.',
};
