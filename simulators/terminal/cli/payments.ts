import { Command } from 'commander';
import { CARD_SERVICES, type CardService } from '../services.ts';
import {
  amountOption,
  approvalOption,
  cardOptions,
  commonOptions,
  expectOption,
  type OrderOptions,
  orderOf,
  report,
  rrnOption,
  stanOption,
  wholeNumber,
  withTerminal,
} from './options.ts';

interface PaymentOptions extends OrderOptions {
  stan?: string;
  repeat: number;
  reverse?: boolean;
  reverseEvery: number;
  reverseAttempts: number;
}

const DESCRIPTIONS: Record<CardService, string> = {
  purchase: 'Sends a purchase (0100).',
  cash: 'Sends a cash withdrawal (0200, processing code 01).',
  cashback: 'Sends a purchase with cash handed out (0200, processing code 09, DE54).',
  refund: 'Sends a refund (0200, processing code 20).',
  balance: 'Asks for the balance of an account (0100, processing code 31).',
  preauth: 'Sends a pre-authorisation (0100, DE25 06).',
  verify: 'Asks whether a card is good, without an amount (0100, DE25 51).',
  offline: 'Tells of a purchase that was approved at the terminal (0220).',
};

/** One command for every service that begins with a card. */
export function paymentCommands(): Command[] {
  return (Object.keys(DESCRIPTIONS) as CardService[]).map(paymentCommand);
}

function paymentCommand(service: CardService): Command {
  const command = cardOptions(commonOptions(new Command(service))).description(
    `${DESCRIPTIONS[service]} Exits 0 only when it is approved, or --expect matches.`,
  );
  if (CARD_SERVICES[service].hasAmount) amountOption(command);
  if (service === 'cashback') {
    command.option('--cashback <amount>', 'what is handed out, part of the amount', '10.00');
  }
  if (service === 'offline') approvalOption(command, 'DE38, the approval the terminal gave');
  rrnOption(
    command,
    service === 'refund'
      ? 'DE37 of what is refunded; default: nothing in particular'
      : 'DE37; default: left to the switch',
  );
  stanOption(command, 'DE11; default: the next one of this terminal');
  return expectOption(command)
    .option('--repeat <times>', 'send the same bytes again so many times', wholeNumber(0, 1_000), 0)
    .option('--reverse', 'reverse what is not answered (0400, 0401) until that is acknowledged')
    .option('--reverse-every <ms>', 'between two tries', wholeNumber(1, 600_000), 1_000)
    .option('--reverse-attempts <count>', 'tries before it is left pending', wholeNumber(1, 1_000), 10)
    .action((options: PaymentOptions) => {
      const order = orderOf(options);
      const plan = { everyMs: options.reverseEvery, attempts: options.reverseAttempts };
      return withTerminal(
        options,
        async (terminal) => {
          report(await terminal.request(service, order, options.stan), options);
          for (let repeats = 0; repeats < options.repeat; repeats += 1) {
            report(await terminal.repeat(), options);
          }
        },
        options.reverse ? plan : undefined,
      );
    });
}
