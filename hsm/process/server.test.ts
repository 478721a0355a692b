import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HSM_ERRORS } from '../errors.ts';
import { Reader, Writer } from '../protocol/codec.ts';
import { CANCEL, FrameSplitter, GREETING } from '../protocol/frames.ts';
import { OPERATIONS } from '../protocol/operations.ts';
import { HsmServer } from './server.ts';

let directory: string;
let now: number;
let step: number;
let server: HsmServer;
let executed: string[];
let saving: Promise<void> | undefined;
let fatal: unknown[];
let peer: Socket;
let replies: Map<number, number>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'etika-server-'));
  now = 0;
  step = 0;
  executed = [];
  saving = undefined;
  fatal = [];
  server = await HsmServer.listen({
    socketPath: join(directory, 'hsm.sock'),
    now: () => {
      now += step;
      return now;
    },
    maxWaiting: 4,
    maxConnections: 4,
    execute: (name, request) => {
      if (name === 'publicKey') {
        executed.push('patient');
        return { key: Buffer.alloc(1) };
      }
      const { key } = request as { key: string };
      if (key === 'K13') throw new RangeError('a defect');
      if (key === 'K20') now += 600;
      executed.push(key);
      return { value: '000000' };
    },
    isFatal: () => false,
    onDefect: () => {},
    onTurnEnd: () => saving,
    onFatal: (error) => fatal.push(error),
    onBadPeer: () => {},
  });
  peer = connect({ path: join(directory, 'hsm.sock') });
  replies = new Map();
  const splitter = new FrameSplitter(
    () => {},
    (body) => {
      const fields = new Reader(body);
      replies.set(fields.u32(), fields.u8());
    },
  );
  peer.on('data', (chunk: Buffer) => splitter.push(chunk));
  peer.write(GREETING);
});
afterEach(async () => {
  peer.destroy();
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

function request(id: number, budgetMs = 1_000): Buffer {
  const body = new Writer();
  body.u32(id);
  body.u8(OPERATIONS.keyCheckValue.number);
  body.u16(budgetMs);
  OPERATIONS.keyCheckValue.request.write(body, { key: `K${id}` });
  return framed(body.take());
}

/** Of what can wait for payments. */
function patient(id: number): Buffer {
  const body = new Writer();
  body.u32(id);
  body.u8(OPERATIONS.publicKey.number);
  body.u16(1_000);
  OPERATIONS.publicKey.request.write(body, { key: 'AUDIT/1' });
  return framed(body.take());
}

function cancellation(id: number): Buffer {
  const body = new Writer();
  body.u32(id);
  body.u8(CANCEL);
  return framed(body.take());
}

function framed(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

it('answers what arrives together, in order', async () => {
  peer.write(Buffer.concat([1, 2, 3].map((id) => request(id))));
  await vi.waitUntil(() => replies.size === 3, 15_000);
  expect(executed).toEqual(['K1', 'K2', 'K3']);
  expect([...replies.values()]).toEqual([0, 0, 0]);
});

it('those who ask for nothing keep nobody out, and those who ask are not put out', async () => {
  const path = join(directory, 'hsm.sock');
  /** Resolves to what it hears first: a greeting, or its end. */
  const arrives = () => {
    const socket = connect({ path });
    socket.on('error', () => {});
    socket.write(GREETING);
    arrived.push(socket);
    return new Promise((resolve) => {
      socket.once('data', () => resolve('greeted'));
      socket.once('close', () => resolve('closed'));
    });
  };
  const arrived: Socket[] = [];
  for (let number = 0; number < 3; number++) expect(await arrives()).toBe('greeted');
  expect(await arrives()).toBe('closed');
  now += 2_000;
  peer.write(request(1));
  await vi.waitUntil(() => replies.size === 1, 15_000);
  expect(await arrives()).toBe('greeted');
  peer.write(request(2));
  await vi.waitUntil(() => replies.size === 2, 15_000);
  for (const socket of arrived) socket.destroy();
});

it('lets payments go before what can wait, and starves neither', async () => {
  peer.write(Buffer.concat([patient(1), patient(2), request(3), request(4)]));
  await vi.waitUntil(() => replies.size === 4, 15_000);
  expect(executed).toEqual(['K3', 'K4', 'patient', 'patient']);
  executed.length = 0;
  // A turn's time is over with its first payment.
  step = 2;
  peer.write(Buffer.concat([patient(5), request(6), request(7), request(8)]));
  await vi.waitUntil(() => replies.size === 8, 15_000);
  expect(executed.indexOf('patient')).toBe(1);
});

it('gives room to who asks for little, at the cost of who has the most waiting', async () => {
  peer.write(Buffer.concat([1, 2, 3, 4].map((id) => request(id))));
  const modest = connect({ path: join(directory, 'hsm.sock') });
  const heard = new Promise<number>((resolve) => {
    const splitter = new FrameSplitter(
      () => {},
      (body) => resolve(new Reader(body.subarray(4)).u8()),
    );
    modest.on('data', (chunk: Buffer) => splitter.push(chunk));
  });
  modest.write(Buffer.concat([GREETING, request(9)]));
  expect(await heard).toBe(0);
  await vi.waitUntil(() => replies.size === 4, 15_000);
  modest.destroy();
});

it('disconnects a peer whose frame comes byte by byte without end', async () => {
  const ended = Promise.withResolvers<'by the server' | 'not at all'>();
  peer.once('close', () => ended.resolve('by the server'));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(8_000);
  peer.write(length);
  let written = 0;
  const trickle = setInterval(() => {
    now += 3_000;
    peer.write(Buffer.of(0));
    written += 1;
    if (written === 100) ended.resolve('not at all');
  }, 5);
  const how = await ended.promise;
  clearInterval(trickle);
  expect(how).toBe('by the server');
  expect(executed).toEqual([]);
});

it('does not run work that was cancelled behind it', async () => {
  peer.write(Buffer.concat([request(1), request(2), cancellation(2), request(3)]));
  await vi.waitUntil(() => replies.size === 3, 15_000);
  expect(executed).toEqual(['K1', 'K3']);
  expect(replies.get(2)).toBe(HSM_ERRORS.HSM_TIMEOUT.wire);
});

it('does not run work whose time was over before its turn', async () => {
  // Each look at the clock finds it 40 ms later: the first to read the arrival, the next at the turn.
  step = 40;
  peer.write(request(1, 30));
  await vi.waitUntil(() => replies.size === 1, 15_000);
  expect(replies.get(1)).toBe(HSM_ERRORS.HSM_TIMEOUT.wire);
  peer.write(request(2, 50));
  await vi.waitUntil(() => replies.size === 2, 15_000);
  expect(executed).toEqual(['K2']);
});

it('does not run what waited too long behind a slow token; what can wait longer is answered', async () => {
  peer.write(Buffer.concat([request(20), request(21, 500), request(22, 1_000)]));
  await vi.waitUntil(() => replies.size === 3, 15_000);
  expect(replies.get(21)).toBe(HSM_ERRORS.HSM_TIMEOUT.wire);
  expect(executed).toEqual(['K20', 'K22']);
});

it('answers a request that meets a defect, and goes on', async () => {
  peer.write(Buffer.concat([request(13), request(14)]));
  await vi.waitUntil(() => replies.size === 2, 15_000);
  expect(replies.get(13)).toBe(HSM_ERRORS.HSM_REQUEST_INVALID.wire);
  expect(executed).toEqual(['K14']);
});

it('refuses what goes beyond its bound and serves the rest', async () => {
  peer.write(Buffer.concat([1, 2, 3, 4, 5, 6].map((id) => request(id))));
  await vi.waitUntil(() => replies.size === 6, 15_000);
  expect(executed).toEqual(['K1', 'K2', 'K3', 'K4']);
  expect(replies.get(5)).toBe(HSM_ERRORS.HSM_BUSY.wire);
  expect(replies.get(6)).toBe(HSM_ERRORS.HSM_BUSY.wire);
});

it('keeps the replies of a turn back until what it claimed is on disk, and answers other turns meanwhile', async () => {
  const disk = Promise.withResolvers<void>();
  saving = disk.promise;
  peer.write(request(1));
  await vi.waitUntil(() => executed.includes('K1'));
  saving = undefined;
  peer.write(request(2));
  await vi.waitUntil(() => replies.has(2));
  expect(replies.has(1)).toBe(false);
  disk.resolve();
  await vi.waitUntil(() => replies.has(1));
});

it('answers nothing of a turn whose claims could not be written, and stops', async () => {
  const disk = Promise.withResolvers<void>();
  saving = disk.promise;
  peer.write(request(1));
  await vi.waitUntil(() => executed.includes('K1'));
  saving = undefined;
  disk.reject(new Error('the disk is full'));
  await vi.waitUntil(() => fatal.length > 0);
  await server.close();
  await vi.waitUntil(() => peer.closed);
  expect(replies.size).toBe(0);
});
