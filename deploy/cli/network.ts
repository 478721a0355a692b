import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { type VisaRow, type VisaRule, visaControl } from '../../simulators/index.ts';

const DEFAULT_URL = `http://127.0.0.1:${process.env['VISA_SIM_CONTROL_PORT'] ?? 9_584}`;

interface Shared {
  url: string;
  json?: boolean;
}

/** `etika-switch network`: looks at the Visa simulator of `npm start`, and makes it misbehave. */
export function networkCommand(): Command {
  const command = new Command('network')
    .description(
      'Looks at the Visa simulator and scripts how it behaves; docs/simulators.md describes scenarios and ledger.',
    )
    .option('--url <url>', 'its control port', DEFAULT_URL)
    .option('--json', 'machine-readable output');
  const shared = () => command.opts<Shared>();
  const control = () => visaControl(shared().url);
  const print = (value: unknown, text: string) => console.log(shared().json ? JSON.stringify(value) : text);

  command
    .command('status')
    .description('whether it listens, how many links are connected and signed on')
    .action(async () => {
      const health = await control().health();
      const { listening, links, signedOn } = health;
      print(health, `${listening ? 'listening' : 'down'}, ${links} links, ${signedOn} signed on`);
    });
  command
    .command('script')
    .description('adds a scenario rule: for the next N messages, for one card, or for all')
    .argument('<rule>', 'the rule as JSON, or @FILE', jsonArgument)
    .action(async (rule: VisaRule) => {
      const rules = await control().script(rule);
      print(rules, JSON.stringify(rules, null, 2));
    });
  command
    .command('reset')
    .description("drops all rules: back to the test cards' own behaviour")
    .action(async () => {
      await control().reset();
      print({ reset: true }, 'scenarios reset');
    });
  command
    .command('ledger')
    .description('shows the latest rows of its ledger and its totals')
    .option('--limit <count>', 'how many rows', '20')
    .option('--rrn <rrn>', 'only this retrieval reference number')
    .action(async ({ limit, rrn }: { limit: string; rrn?: string }) => {
      const page = await control().ledger({ limit, ...(rrn === undefined ? {} : { rrn }) });
      print(page, [...page.rows.map(ledgerLine), `totals ${JSON.stringify(page.totals)}`].join('\n'));
    });
  const act = (name: string, description: string, action: () => Promise<unknown>) =>
    command
      .command(name)
      .description(description)
      .action(async () => {
        await action();
        const health = await control().health();
        print(health, health.listening ? 'listening' : 'down');
      });
  act('drop-links', 'breaks every connection; it keeps listening', () => control().dropLinks());
  act('down', 'stops listening, as a dead host would', () => control().down());
  act('up', 'listens again', () => control().up());
  return command;
}

function ledgerLine({ at, kind, rrn, stan, terminal, amount, currency, card, code }: VisaRow): string {
  const what = [at, kind.padEnd(20), terminal, `RRN ${rrn}`, `STAN ${stan}`, card.masked];
  return `${what.join('  ')}  ${amount} ${currency}  → ${code}`;
}

function jsonArgument(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text);
  } catch {
    throw new InvalidArgumentError('Expected JSON, or @ and the name of a file that holds it.');
  }
}
