import type { Log } from '../runtime/index.ts';
import { type NodeStatus, ParkedFollowUps, PostgresFallbackRecords } from '../switch/index.ts';
import { AdminError } from './errors.ts';
import type { FallbackApi } from './fallback-routes.ts';
import type { DegradedModeChange } from './fallback-view.ts';

const NETWORK_MODE = /^network-degraded:(.*)$/;

/** Reads and changes in the switch's database; every node looks there for what operators changed. */
export function fallbackApi(
  databaseUrl: string,
  status: () => Promise<Pick<NodeStatus, 'networks'>>,
  log: Log,
): FallbackApi & { close(): Promise<void> } {
  const records = new PostgresFallbackRecords(databaseUrl, log);
  const parked = new ParkedFollowUps(databaseUrl, log);
  return {
    log,
    async degradedModes() {
      const changes = await records.latest();
      return changes.map(({ isOpen, at, ...change }) => ({ ...change, open: isOpen, since: timeOf(at) }));
    },
    async changeDegradedMode({ mode, open, by, why }) {
      await requireKnown(mode, status);
      await records.record({ mode: mode as `network-degraded:${string}`, isOpen: open, by, why }, Date.now());
    },
    async parkedFollowUps(after) {
      const found = await parked.list(after);
      return found.map((each) => ({ ...each, parkedAt: each.parkedAt.toISOString() }));
    },
    replayFollowUp: (position) => parked.replay(position),
    async alerts(before, isOpenOnly) {
      const found = await records.list(before, isOpenOnly);
      return found.map(({ raisedAt, lastAt, closedAt, acknowledgedAt, amounts, ...alert }) => ({
        ...alert,
        amounts: [...amounts],
        raisedAt: raisedAt.toISOString(),
        lastAt: lastAt.toISOString(),
        ...(closedAt && { closedAt: closedAt.toISOString() }),
        ...(acknowledgedAt && { acknowledgedAt: acknowledgedAt.toISOString() }),
      }));
    },
    acknowledgeAlert: (position, by, why) => records.acknowledge(position, by, why),
    async close() {
      await Promise.all([records.close(), parked.close()]);
    },
  };
}

/** A misspelt network would be obeyed by nobody. Where no node can be asked the operator is believed. */
async function requireKnown(
  mode: DegradedModeChange['mode'],
  status: () => Promise<Pick<NodeStatus, 'networks'>>,
): Promise<void> {
  const [, network] = NETWORK_MODE.exec(mode) ?? [];
  if (network === undefined) return;
  const networks = await status().then(
    (known) => Object.keys(known.networks),
    () => undefined,
  );
  if (networks && !networks.includes(network)) {
    throw new AdminError('ADM_MODE_UNKNOWN', { mode, networks: networks.join(', ') });
  }
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
