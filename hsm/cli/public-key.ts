import { createPublicKey } from 'node:crypto';
import { Command } from 'commander';
import { AUDIT_KEY, fingerprintOf } from '../keys/signing-keys.ts';
import { DEFAULT_SOCKET, withClient } from './with-client.ts';

export function publicKeyCommand(): Command {
  return new Command('public-key')
    .description(
      "prints the public half of a key pair of a running HSM process's token as PEM: what auditors verify with",
    )
    .option('--key <label>', 'the key pair', AUDIT_KEY)
    .option('--socket <path>', 'its Unix socket', DEFAULT_SOCKET)
    .option('--json', 'print it as one JSON object')
    .action(({ key, socket, json }: { key: string; socket: string; json?: boolean }) =>
      withClient(socket, async (client) => {
        const der = await client.publicKey(key);
        const pem = createPublicKey({ key: der, format: 'der', type: 'spki' })
          .export({ format: 'pem', type: 'spki' })
          .toString();
        const fingerprint = fingerprintOf(der);
        console.log(json === true ? JSON.stringify({ key, fingerprint, pem }) : pem.trimEnd());
      }),
    );
}
