import { createServer, connect as dial, type Socket } from 'node:net';

/** A connection to the database that can fail in the ways a network can. */
export interface DatabaseProxy {
  readonly url: string;
  /** From now on requests arrive and answers do not. */
  loseAnswers(): void;
  /** As soon as a request with this in it has passed. */
  loseAnswersTo(request: string): void;
  /** From now on nothing arrives. */
  loseRequests(): void;
  /** Bytes lost so far. */
  lost(): number;
  /** Ends every connection; new ones work. */
  cut(): void;
  /** Ends every connection and takes no new one. */
  refuse(): void;
  restore(): void;
  /** Ends every connection; new ones lead to another server. */
  leadTo(databaseUrl: string): void;
  close(): Promise<void>;
}

export async function proxyTo(databaseUrl: string): Promise<DatabaseProxy> {
  let target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const state = { answers: true, requests: true, accepts: true, lost: 0, unanswered: '' };
  const pass = (from: Socket, to: Socket, direction: 'answers' | 'requests') => {
    sockets.add(from);
    from.on('data', (bytes) => {
      if (direction === 'requests' && state.unanswered && bytes.includes(state.unanswered)) {
        state.answers = false;
      }
      if (state[direction]) to.write(bytes);
      else state.lost += bytes.length;
    });
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((near) => {
    if (!state.accepts) {
      near.destroy();
      return;
    }
    const far = dial({ host: target.hostname, port: Number(target.port || 5432) });
    pass(near, far, 'requests');
    pass(far, near, 'answers');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    Object.assign(state, { answers: true, requests: true, unanswered: '' });
  };
  return {
    url: url.href,
    loseAnswers: () => Object.assign(state, { answers: false }),
    loseAnswersTo: (unanswered) => Object.assign(state, { unanswered }),
    loseRequests: () => Object.assign(state, { requests: false }),
    lost: () => state.lost,
    cut,
    refuse() {
      state.accepts = false;
      cut();
    },
    restore() {
      state.accepts = true;
    },
    leadTo(other) {
      target = new URL(other);
      cut();
    },
    close() {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
