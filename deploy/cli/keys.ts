import { Command, InvalidArgumentError } from 'commander';
import { DEVELOPMENT_KEYS, developmentKey, developmentKeyCheckValue } from '../../hsm/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { developmentApiKey, developmentToken, developmentWebhookSecret } from '../../switch/index.ts';

/** What a terminal holds, in the words of its vendor. */
const TERMINAL_KEYS = [
  { prefix: 'TPK', use: 'PIN key', how: 'PIN blocks (DE52) in ISO 9564 format 0, triple DES' },
  {
    prefix: 'TAK',
    use: 'MAC key',
    how: 'DE64 or DE128: ISO 9797-1 algorithm 3 (retail MAC), padding method 1',
  },
  {
    prefix: 'TMK',
    use: 'master key',
    how: 'what new PIN and MAC keys are wrapped under, in key blocks (X9.143)',
  },
] as const;

/** `etika-switch keys`: keys that are published, for a terminal of one's own. Keys in service are never shown. */
export function keysCommand(): Command {
  return new Command('keys')
    .description('Keys that anybody may know. docs/terminal-of-your-own.md says what to do with them.')
    .addCommand(developmentCommand());
}

function developmentCommand(): Command {
  return new Command('development')
    .description('the published keys of a development terminal, or of a merchant; production refuses them')
    .option('--terminal <id>', 'TERM0001 to TERM0010', terminalId, 'TERM0001')
    .option('--merchant <id>', "what this merchant's applications show at the gateway", merchantId)
    .option('--json', 'machine-readable output')
    .action(({ terminal, merchant, json }: { terminal: string; merchant?: string; json?: boolean }) => {
      if (merchant !== undefined) {
        const api_key = developmentApiKey(merchant);
        const jwt = developmentToken(merchant, systemClock.wall());
        const webhook_secret = developmentWebhookSecret(merchant);
        const shown = json
          ? JSON.stringify({ merchant, api_key, jwt, webhook_secret })
          : `API key  ${api_key}\nJWT      ${jwt} (good for an hour)\nWebhook  ${webhook_secret}`;
        console.log(shown);
        return;
      }
      const keys = TERMINAL_KEYS.map(({ prefix, use, how }) => {
        const name = `${prefix}/${terminal}`;
        const value = developmentKey(name).toString('hex').toUpperCase();
        return { name, use, value, kcv: developmentKeyCheckValue(name), how };
      });
      if (json) console.log(JSON.stringify({ terminal, keys }));
      else console.log(keys.map(line).join('\n'));
    });
}

function line({
  name,
  use,
  value,
  kcv,
  how,
}: Record<'name' | 'use' | 'value' | 'kcv' | 'how', string>): string {
  return `${name.padEnd(13)}  ${use.padEnd(10)}  ${value}  KCV ${kcv}\n${' '.repeat(27)}${how}`;
}

function terminalId(text: string): string {
  if (DEVELOPMENT_KEYS.some(({ name }) => name === `TPK/${text}`)) return text;
  throw new InvalidArgumentError('Expected a development terminal: TERM0001 to TERM0010.');
}

function merchantId(text: string): string {
  if (/^[A-Za-z0-9]{1,15}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected a merchant of up to 15 letters and digits: MERCHANT0000001.');
}
