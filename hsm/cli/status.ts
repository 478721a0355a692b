import { Command } from 'commander';
import { OWN_USER } from '../keys/authority.ts';
import type { HsmStatus } from '../process/service.ts';
import { DEFAULT_SOCKET, withClient } from './with-client.ts';

export function statusCommand(): Command {
  return new Command('status')
    .description('what a running HSM process can do inside its token, and which way each operation runs')
    .option('--socket <path>', 'its Unix socket', DEFAULT_SOCKET)
    .option('--json', 'print it as one JSON object')
    .action(({ socket, json }: { socket: string; json?: boolean }) =>
      withClient(socket, async (client) => {
        const status = await client.status();
        console.log(json === true ? JSON.stringify(status) : textOf(status));
      }),
    );
}

function textOf(status: HsmStatus): string {
  const { tokenLabel, profile, strategies, tokenKeys, cachedWorkingKeys, operations, pinAlarms } = status;
  const { boundary, authorisedUntil } = status;
  const yes = (is: boolean) => (is ? 'yes' : 'no');
  const capabilities = Object.entries(profile).map(
    ([name, value]) => `  ${name.padEnd(22)} ${value ? 'yes' : 'no'}`,
  );
  const ways = Object.entries(strategies).map(([name, strategy]) => `  ${name.padEnd(26)} ${strategy}`);
  const runs = Object.entries(operations).map(
    ([name, { place, runs: count }]) => `  ${name.padEnd(22)} ${place.padEnd(6)} ${count}`,
  );
  return [
    `token ${tokenLabel}: ${tokenKeys} keys, ${cachedWorkingKeys} working keys open`,
    `peers: ${boundary.peers.join(', ')}${boundary.peers.includes(OWN_USER) ? ' (no policy: all runs under one user)' : ''}`,
    `memory kept from dumps and readers: ${yes(boundary.notDumpable)}; clear values locked: ${yes(boundary.secretsLocked)}; the rest kept from swap: ${yes(!boundary.swappable)}`,
    `keys may come and go until ${authorisedUntil === 0 ? 'custodians authorise it' : new Date(authorisedUntil).toISOString()}`,
    `alarms of PIN faults under one key since the start: ${pinAlarms}`,
    'the token can',
    ...capabilities,
    'where secret values are, by known answers at the start (token, host, or none: it cannot)',
    ...ways,
    'requests since the start, and where secret values were',
    ...(runs.length > 0 ? runs : ['  none yet']),
  ].join('\n');
}
