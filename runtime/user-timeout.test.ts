import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { setUserTimeout } from './user-timeout.ts';

test('what a peer does not take ends the connection after the time, and not after a quarter of an hour', async () => {
  const closed = Promise.withResolvers<string | undefined>();
  const server = createServer((socket: Socket) => {
    expect(setUserTimeout(socket, 600)).toBe(true);
    let code: string | undefined;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    socket.on('close', () => closed.resolve(code));
    socket.write(Buffer.alloc(16_000_000)); // more than both kernels hold
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const peer = connect({ host: '127.0.0.1', port });
  peer.pause();
  peer.on('error', () => {});
  onTestFinished(() => {
    peer.destroy();
    server.close();
  });
  expect(await closed.promise).toBe('ETIMEDOUT');
}, 15_000);

test('a socket that is closed has nothing to set', () => {
  expect(setUserTimeout(connect({ host: '127.0.0.1', port: 1 }).destroy())).toBe(false);
});
