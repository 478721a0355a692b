import type { HttpCall, HttpExchange, HttpOutcome } from '../../connectors/etika/http-exchange.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimProcess } from './sim-process.ts';

export interface HttpAnswer {
  readonly code: number;
  readonly body: unknown;
}

/** What a simulated HTTP service does with one call: answers after a while, or never. */
export interface HttpService {
  readonly process: SimProcess;
  condition(): 'up' | 'refusing' | 'silent';
  handle(call: HttpCall, answer: (answer: HttpAnswer) => void): void;
}

/** HTTP from one process to one service; a call that was given up may still arrive. */
export function simHttp(process: SimProcess, service: HttpService, random: SeededRandom): HttpExchange {
  const latency = () => random.between(0.2, 3);
  return {
    close() {},
    call: (call, deadline) =>
      new Promise<HttpOutcome>((resolve) => {
        if (process.isDead) return;
        let isSent = false;
        let isOver = false;
        const finish = (outcome: HttpOutcome) => {
          if (isOver) return;
          isOver = true;
          timer.cancel();
          resolve(outcome);
        };
        const { clock } = process;
        const timer = clock.after(deadline - clock.monotonic(), () =>
          finish({ status: isSent ? 'unknown' : 'unreachable', reason: 'no answer by the deadline' }),
        );
        const condition = service.condition();
        if (condition === 'silent') return;
        if (condition === 'refusing') {
          process.deliver(latency(), () => finish({ status: 'unreachable', reason: 'ECONNREFUSED' }));
          return;
        }
        isSent = true;
        service.process.deliver(latency(), () =>
          service.handle(copyOf(call), ({ code, body }) => {
            process.deliver(latency(), () => finish({ status: 'answered', code, body }));
          }),
        );
      }),
  };
}

/** As it comes out of the wire. */
function copyOf(call: HttpCall): HttpCall {
  return JSON.parse(JSON.stringify(call)) as HttpCall;
}
