import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { Reader, Writer } from '../protocol/codec.ts';
import { FrameSplitter, GREETING, STATUS_OK } from '../protocol/frames.ts';
import { connectHsm, type PaymentHsmClient } from './client.ts';

/** Answers every ping; notes how many requests each read brought. */
let server: Server;
let client: PaymentHsmClient;
let directory: string;
const reads: number[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'etika-connection-'));
  const socketPath = join(directory, 'hsm.sock');
  reads.length = 0;
  server = createServer((socket) => {
    const replies = new Writer();
    let requests = 0;
    const splitter = new FrameSplitter(
      () => {},
      (body) => {
        requests += 1;
        replies.u32(5);
        replies.u32(new Reader(body).u32());
        replies.u8(STATUS_OK);
      },
    );
    socket.write(GREETING);
    socket.on('data', (chunk: Buffer) => {
      splitter.push(chunk);
      if (requests > 0) reads.push(requests);
      requests = 0;
      socket.write(replies.take());
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  client = connectHsm({ socketPath, clock: systemClock, log: silentLog });
  await client.whenConnected();
});
afterEach(async () => {
  await client.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

it('writes once what one turn asks for, whichever of its callbacks asked', async () => {
  const asked: Promise<void>[] = [];
  const ask = () => asked.push(client.ping());
  await new Promise<void>((resolve) => {
    for (let callback = 0; callback < 50; callback += 1) setImmediate(ask);
    setImmediate(resolve);
  });
  await Promise.all(asked);
  expect(reads).toEqual([50]);
});

it('writes a second turn apart from the first', async () => {
  await client.ping();
  await Promise.all([client.ping(), client.ping()]);
  expect(reads).toEqual([1, 2]);
});
