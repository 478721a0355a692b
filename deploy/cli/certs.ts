import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { type InventoryEntry, inventory } from '../../certs/index.ts';

const FOLDER = join(process.env['DATA_DIR'] || '.data', 'certs');

/** `etika-switch certs`: every certificate of a folder; exit code 1 where one needs attention. */
export function certsCommand(): Command {
  return new Command('certs')
    .description(
      'Lists the certificates of a folder. Exits 1 when one has expired, expires soon or cannot be read, and when ' +
        'there is none. docs/certificates.md describes rotation.',
    )
    .argument('[folder]', 'its .crt, .cer and .pem files are read', FOLDER)
    .option('--warn-days <days>', 'how soon is soon', days, 30)
    .option('--json', 'machine-readable output')
    .action((folder: string, { warnDays, json }: { warnDays: number; json?: boolean }) => {
      const found = inventory(folder, Date.now());
      const expiring = found.expiringWithin(warnDays);
      if (json) {
        const unreadable = found.unreadable.map(({ code, message }) => ({ code, message }));
        console.log(JSON.stringify({ certificates: found.certificates, expiring, unreadable }));
      } else {
        for (const entry of found.certificates) console.log(describe(entry, expiring.includes(entry)));
        for (const { message } of found.unreadable) console.log(message);
        const counts = [found.certificates.length, expiring.length, found.unreadable.length];
        console.log(
          `${counts[0]} certificates, ${counts[1]} expire within ${warnDays} days, ${counts[2]} unreadable files`,
        );
      }
      const isSound = found.certificates.length > 0 && expiring.length + found.unreadable.length === 0;
      if (!isSound) process.exitCode = 1;
    });
}

function describe(entry: InventoryEntry, isExpiring: boolean): string {
  const { source, subject, issuer, serial, fingerprint, notBefore, notAfter, daysLeft } = entry;
  const state = daysLeft < 0 ? 'EXPIRED' : isExpiring ? 'EXPIRES SOON' : 'valid';
  return [
    subject,
    `  file         ${source}`,
    `  issuer       ${issuer}`,
    `  serial       ${serial}`,
    `  SHA-256      ${fingerprint}`,
    `  valid        ${notBefore} to ${notAfter}`,
    `  days left    ${daysLeft}, ${state}`,
    '',
  ].join('\n');
}

function days(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 0 to 99999.');
}
