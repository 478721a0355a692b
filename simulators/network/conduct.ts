import { type Clock, delay, type Log } from '../../runtime/index.ts';
import type { HostMessage } from './host-dialect.ts';
import type { HostLink } from './link.ts';
import type { NetworkScenario } from './scenario.ts';

/**
 * Has the effect and sends the answer, as the scenario says. `act` has the effect and resolves with the answer
 * once the ledger holds it.
 */
export async function conduct<M extends HostMessage>(
  scenario: NetworkScenario | undefined,
  link: HostLink<M>,
  act: () => Promise<M>,
  { clock, log }: { clock: Clock; log: Log },
): Promise<void> {
  try {
    if (scenario?.action === 'delay') await delay(clock, scenario.ms);
    if ((scenario?.action === 'silence' || scenario?.action === 'drop') && scenario.lost === 'request') {
      if (scenario.action === 'drop') link.drop();
      return;
    }
    const reply = await act();
    if (scenario?.action === 'late') await delay(clock, scenario.ms);
    deliver(scenario, link, reply);
  } catch (error) {
    log.error({ event: 'network.unanswered', peer: link.peer, err: error }, 'no answer could be given');
  }
}

function deliver<M extends HostMessage>(
  scenario: NetworkScenario | undefined,
  link: HostLink<M>,
  reply: M,
): void {
  switch (scenario?.action) {
    case 'silence':
      break;
    case 'drop':
      link.drop();
      break;
    case 'garbage':
      link.sendGarbage();
      break;
    case 'wrong-stan':
      link.send({ ...reply, de11: stanAfter(reply.de11 ?? '000000') });
      break;
    case 'duplicate':
      link.send(reply);
      link.send(reply);
      break;
    default:
      link.send(reply);
  }
}

function stanAfter(stan: string): string {
  return String((Number(stan) % 999_999) + 1).padStart(6, '0');
}
