import { createPublicKey, verify } from 'node:crypto';
import { Command } from 'commander';
import { HsmError } from '../errors.ts';
import { DEFAULT_SOCKET, withClient } from './with-client.ts';

/** `etika-switch hsm key-log`: what became of keys in service, each line verified under the audit key. */
export function keyLogCommand(): Command {
  return new Command('key-log')
    .description('prints the signed log of keys that came, left, were made or changed, and verifies it')
    .requiredOption('--ledger <file>', 'HSM_USE_LEDGER of the process', process.env['HSM_USE_LEDGER'])
    .option('--socket <path>', 'its Unix socket, which gives the public key', DEFAULT_SOCKET)
    .action(({ ledger, socket }: { ledger: string; socket: string }) =>
      withClient(socket, async (client) => {
        const { openKeyLog, firstFault } = await import('../keys/key-log.ts');
        const key = createPublicKey({ key: await client.publicKey('AUDIT/1'), format: 'der', type: 'spki' });
        const lines = openKeyLog(ledger);
        for (const { line } of lines) console.log(line);
        const fault = firstFault(lines, (text, signature) =>
          verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, signature),
        );
        if (fault !== undefined) throw new HsmError('HSM_AUDIT_LOG_BROKEN', `key log, line ${fault}`);
        console.error(`${lines.length} entries, all signed by AUDIT/1`);
      }),
    );
}
