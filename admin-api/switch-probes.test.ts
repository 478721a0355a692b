import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { switchProbes } from './switch-probes.ts';

async function nodeWith(status: object): Promise<string> {
  const server = createServer((_, response) => response.end(JSON.stringify(status)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/status`;
}

test('a node with its HSM and every network is ready', async () => {
  const { hsm, networks } = switchProbes(
    await nodeWith({ hsm: 'connected', networks: { visa: 'signed-on' } }),
  );
  await expect(hsm()).resolves.toBeUndefined();
  await expect(networks()).resolves.toBeUndefined();
});

test('a node without its HSM, its database or any network says which', async () => {
  const { hsm, journal, networks } = switchProbes(
    await nodeWith({ hsm: 'disconnected', database: 'silent', networks: { visa: 'down', cb: 'down' } }),
  );
  await expect(hsm()).rejects.toThrow('disconnected from the HSM');
  await expect(journal()).rejects.toThrow('the database does not answer');
  await expect(networks()).rejects.toThrow(/^visa is down, cb is down$/);
});

test('a node whose database takes nothing says what the database said', async () => {
  const full = { database: 'answers', unwritable: 'No space left on device' };
  const { journal } = switchProbes(await nodeWith(full));
  await expect(journal()).rejects.toThrow('the journal cannot be written: No space left on device');
  const { journal: alone } = switchProbes(await nodeWith({ database: 'answers', standby: 'no standby' }));
  await expect(alone()).rejects.toThrow('no standby');
});

test('one network of two that is down is told, and leaves the node ready', async () => {
  const { networks } = switchProbes(await nodeWith({ networks: { visa: 'signed-on', cb: 'down' } }));
  await expect(networks()).resolves.toBe('cb is down');
});

test('a node that is not there is not ready, and the reason says so', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  const gone = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/status`;
  await expect(switchProbes(gone).hsm()).rejects.toThrow(/no answer from the switch: .*ECONNREFUSED/);
});
