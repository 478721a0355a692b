/**
 * TLS handshakes by the hundred from one address that prove nobody: each costs the switch a signature and its sender
 * nothing. A terminal with a certificate that was connected before is served meanwhile, from the same address, and
 * one that comes anew is let in as soon as the flood is over. While it lasts, nobody can tell who comes anew from the
 * flood.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { ensureDevelopmentCertificates, readTlsMaterial } from '../certs/index.ts';
import { tlsSockets } from '../runtime/index.ts';
import { createTerminal, openRecords, type Terminal } from '../simulators/index.ts';
import type { Settings } from '../switch/config/settings.ts';
import { type House, startHouse } from './support/house.ts';
import { waitUntil } from './support/wait-until.ts';

const ORDER = { amount: 2_500, currency: '978', card: '4242424242424242', pin: '1234' };
/** Every twenty milliseconds, which makes 250 a second: more than twice of what the door lets begin. */
const CALLERS = 5;
const EVERY_MS = 20;
const FAILED_FIRST = 500;
const NEWCOMERS = 5;

const folder = mkdtempSync(join(tmpdir(), 'handshakes-'));
const certificates = ensureDevelopmentCertificates(join(folder, 'own'));
let house: House;
beforeAll(async () => {
  house = await startHouse({ settings: withTls });
});
afterAll(async () => {
  await house?.close();
  rmSync(folder, { recursive: true, force: true });
});

function withTls(settings: Settings): Settings {
  const [plain] = settings.listeners;
  if (!plain) throw new Error('the development switch has no listener');
  const tls = { ...certificates.server, requireClientCertificate: true };
  return {
    ...settings,
    listeners: [...settings.listeners, { ...plain, name: 'terminals-tls', port: 0, tls }],
  };
}

async function tlsPort(): Promise<number> {
  const { listeners } = await house.switchStatus();
  return listeners.find(({ name }) => name === 'terminals-tls')?.port ?? 0;
}

async function terminal(port: number): Promise<Terminal> {
  const records = await openRecords(mkdtempSync(join(folder, 'records-')));
  const material = readTlsMaterial(certificates.terminal, { production: false });
  const sockets = tlsSockets({ ...material, requirePeerCertificate: true });
  const address = { host: '127.0.0.1', port };
  const made = createTerminal({ dialect: 'iso87-ascii', address, records, sockets, timeoutMs: 10_000 });
  onTestFinished(() => {
    made.close();
    return records.ledger.close();
  });
  return made;
}

/** Callers without a certificate, who come whether or not others were served, and wait for a second. */
function flood(port: number) {
  const state = { isOver: false, begun: 0, failed: 0 };
  const call = () => {
    state.begun += 1;
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
    const patience = setTimeout(() => socket.destroy(), 1_000);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(patience);
      state.failed += 1;
    });
  };
  const goOn = () => {
    if (state.isOver) return;
    for (let i = 0; i < CALLERS; i += 1) call();
    setTimeout(goOn, EVERY_MS);
  };
  goOn();
  return state;
}

it('a flood of handshakes from one address keeps no terminal with a certificate from being served', async () => {
  const port = await tlsPort();
  const known = await terminal(port);
  expect(await known.purchase(ORDER)).toMatchObject({ approved: true });

  const callers = flood(port);
  try {
    await waitUntil(async () => callers.failed >= FAILED_FIRST);
    expect(await known.purchase(ORDER)).toMatchObject({ approved: true });
    // None of them comes a second time: each has its turn while it waits, as docs/admission.md promises.
    for (let count = 0; count < NEWCOMERS; count += 1) {
      const newcomer = await terminal(port);
      expect(await newcomer.purchase(ORDER)).toMatchObject({ approved: true });
    }
    expect(await known.purchase(ORDER)).toMatchObject({ approved: true });
  } finally {
    callers.isOver = true;
  }
  expect((await house.switchStatus()).ready).toBe(true);
  expect(house.switchLog().length).toBeLessThan(200_000);
}, 120_000);
