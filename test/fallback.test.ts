import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fallbackApi } from '../admin-api/fallback.ts';
import type { AlertView, DegradedModeView, ParkedFollowUpView } from '../admin-api/fallback-view.ts';
import { createAdminApi } from '../admin-api/server.ts';
import { switchStatus } from '../admin-api/switch-probes.ts';
import { viewOf } from '../admin-api/view.ts';
import { Pan, Track2 } from '../messages/index.ts';
import { silentLog, systemClock } from '../runtime/index.ts';
import { DEFAULT_FALLBACK } from '../switch/config/fallback.ts';
import { validateSettings } from '../switch/config/read-settings.ts';
import type { Settings } from '../switch/config/settings.ts';
import type { Notice } from '../switch/fallback/notices/events.ts';
import { SIGNATURE_HEADER, verifySignature } from '../switch/fallback/notices/webhook.ts';
import { JournalReader } from '../switch/index.ts';
import type { TerminalMessage } from '../switch/requests/terminal-message.ts';
import { type House, startHouse } from './support/house.ts';
import { inOrder } from './support/in-order.ts';
import { ask, pinBlock, purchase } from './support/raw-terminal.ts';
import { visaPvv } from './support/visa-pvv.ts';
import { waitUntil } from './support/wait-until.ts';

const run = promisify(execFile);
const SECRET = 'what the merchant and the switch know, and nobody else';
const CARD = '4242424242424242';
const OTHER_CARD = '4111111111111111';
const PIN = '1234';
const EXPIRY = '3012';
const KEY_INDEX = 1;
const OPERATOR = { by: 'kim', why: 'a test of the runbook' };
/** A proof becomes final with its second block: what is cancelled after a timeout is still pending. */
const SLOWER_THAN_A_TIMEOUT_MS = 2_500;
const VISA_MODE = 'network-degraded:visa';

const folder = mkdtempSync(join(tmpdir(), 'etika-fallback-'));
const notices: Notice[] = [];
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const header = String(request.headers[SIGNATURE_HEADER]);
  const isOurs = verifySignature(Buffer.from(SECRET), body, header, Date.now() / 1_000);
  if (isOurs) notices.push(JSON.parse(body));
  response.writeHead(isOurs ? 204 : 401).end();
});
let house: House;
let admin: { readonly url: string; close(): Promise<void> };

beforeAll(inOrder);
beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  const secretFile = join(folder, 'webhook-secret');
  writeFileSync(secretFile, `${SECRET}\n`, { mode: 0o600 });
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/notices`;
  house = await startHouse({
    popBlockMs: SLOWER_THAN_A_TIMEOUT_MS,
    settings: (settings) => ({ ...settings, ...policies(settings, { url, secretFile }) }),
  });
  admin = await startAdmin();
});
afterEach(() => Promise.all([house.visa.reset(), house.pop.reset()]));
afterAll(async () => {
  await admin?.close();
  await house?.close();
  receiver.closeAllConnections();
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One merchant with stand-in and an address, an issuer that lent its keys, and quick judgements. */
function policies({ merchants }: Settings, webhook: { url: string; secretFile: string }): Partial<Settings> {
  const standIn = [{ currency: '978', floorMinorUnits: 10_000, count: 50, minorUnits: 500_000 }];
  return {
    merchants: merchants.map((merchant) => ({ ...merchant, webhook, standIn })),
    standIn: {
      negativeList: [],
      issuers: [
        {
          from: '4',
          to: '4',
          perCardDay: [{ currency: '978', count: 2, minorUnits: 100_000 }],
          cvv: { key: 'CVK/VISA', valueAt: 5 },
          pin: { method: 'pvv', key: 'PVK/VISA', keyIndexAt: 0, valueAt: 1 },
          pinTriesPerCardDay: 4,
        },
        {
          from: '5',
          to: '5',
          perCardDay: [{ currency: '978', count: 5, minorUnits: 100_000 }],
          pinTriesPerCardDay: 1,
        },
      ],
    },
    fallback: {
      ...DEFAULT_FALLBACK,
      judgeEveryMs: 100,
      probeEveryMs: 50,
      closeAfterGood: 2,
      linkDownMs: 1_500,
    },
  };
}

async function startAdmin() {
  const status = () => switchStatus(`http://127.0.0.1:${house.ports().status}/status`);
  const fallback = fallbackApi(house.databaseUrl, status, silentLog);
  const journal = new JournalReader({
    databaseUrl: house.databaseUrl,
    clock: systemClock,
    log: silentLog,
    readDeadlineMs: 2_000,
  });
  const server = createAdminApi({
    transaction: async (id) => viewOf(await journal.history(id)),
    readiness: async () => ({ ready: true, checks: [] }),
    fallback,
    log: silentLog,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    async close() {
      await server.close();
      await Promise.all([fallback.close(), journal.close()]);
    },
  };
}

async function get<T>(path: string): Promise<T> {
  return (await fetch(`${admin.url}${path}`)).json() as Promise<T>;
}

async function post(path: string, body: object): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`${admin.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
}

const alerts = async () => (await get<{ alerts: AlertView[] }>('/api/v1/alerts')).alerts;
const openModes = async () =>
  (await get<{ modes: DegradedModeView[] }>('/api/v1/degraded-modes')).modes.filter(({ open }) => open);
const parked = async () =>
  (await get<{ followUps: ParkedFollowUpView[] }>('/api/v1/parked-follow-ups')).followUps;

const port = () => house.ports().iso87;
const visaKinds = async (stan: string | undefined) =>
  (await house.visa.ledger({ stan: stan ?? '' })).rows.map(({ kind }) => kind);
const noticesFor = ({ de11 }: TerminalMessage) => notices.filter(({ rrn }) => rrn.endsWith(de11 ?? '-'));
const told = async (message: TerminalMessage, ...types: string[]) => {
  await waitUntil(async () =>
    types.every((type) => noticesFor(message).some((notice) => notice.type === type)),
  );
};

/** A chip card's purchase with its track, as the issuer wrote it: key index, PVV, iCVV. */
async function chipPurchase(
  card: string,
  { pin, ...overrides }: Partial<TerminalMessage> & { pin?: string } = {},
) {
  const pan = Pan.of(card);
  const icvv = await house.hsm.client.generateCvv('CVK/VISA', { pan, expiry: EXPIRY, serviceCode: '999' });
  const track = `${card}=${EXPIRY}201${KEY_INDEX}${visaPvv(card, KEY_INDEX, PIN)}${icvv}`;
  return purchase({
    de2: pan,
    de35: Track2.of(track),
    ...(pin !== undefined && { de52: pinBlock(pin, card) }),
    ...overrides,
  });
}

describe('scenario 1, network failure', () => {
  it('is stood in for within limits that survive a restart; the network and the merchant hear of it', async () => {
    await house.visa.down();
    await waitUntil(async () => (await openModes()).some(({ mode }) => mode === VISA_MODE));
    const approved = await chipPurchase(CARD, { pin: PIN, de4: '000000004100' });
    const reply = await ask(port(), approved);
    expect(reply).toMatchObject({ de39: '00', de38: expect.stringMatching(/^S/) });
    expect(await ask(port(), await chipPurchase(CARD, { pin: '4321' }))).toMatchObject({ de39: '55' });
    const copied = await chipPurchase(CARD, { de22: '902' });
    expect(await ask(port(), copied)).toMatchObject({ de39: '05' });
    await told(approved, 'payment.queued');

    await house.stopSwitch();
    await house.startSwitch({}, { isSignedOn: false });
    expect(await ask(port(), await chipPurchase(CARD))).toMatchObject({ de39: '00' });
    expect(await ask(port(), await chipPurchase(CARD))).toMatchObject({ de39: '91' });
    expect(await ask(port(), await chipPurchase(OTHER_CARD, { pin: PIN }))).toMatchObject({ de39: '00' });
    expect(await ask(port(), { ...approved, mti: '0101' })).toMatchObject({ de39: '00', de38: reply.de38 });

    await house.visa.up();
    await told(approved, 'payment.approved-late');
    expect(await visaKinds(approved.de11)).toEqual(['advised']);
    await waitUntil(async () => {
      await ask(port(), purchase());
      return !(await openModes()).some(({ mode }) => mode === VISA_MODE);
    });
    expect(await alerts()).toContainEqual(
      expect.objectContaining({ kind: 'degraded-mode', scenario: 'network-failure' }),
    );
  });

  it('nothing of it holds where the merchant’s terminal asks for what is above its floor', async () => {
    await house.visa.down();
    const message = await chipPurchase('4000056655665556', { de4: '000000010001' });
    expect(await ask(port(), message)).toMatchObject({ de39: '91' });
    await told(message, 'payment.failed');
    await house.visa.up();
    await waitUntil(async () => (await ask(port(), purchase())).de39 === '00');
    expect(await visaKinds(message.de11)).toEqual([]);
  });
});

describe('what was stood in for and voided', () => {
  const NETWORKS = [
    ['visa', '4000002500003155', '0120'],
    ['iso87', '5555555555554444', '0220'],
  ] as const;

  it.each(NETWORKS)(
    'is advised to %s, and reversed by the name of the advice',
    async (network, card, mti) => {
      const control = house[network];
      await control.down();
      const message = await chipPurchase(card);
      await waitUntil(async () => (await linkState(network)) === 'down');
      const { de39, de37 } = await ask(port(), message);
      expect(de39).toBe('00');
      const cancellation = purchase({ mti: '0200', de3: '020000', de2: Pan.of(card), ...(de37 && { de37 }) });
      expect(await ask(port(), cancellation)).toMatchObject({ de39: '00' });
      await control.up();
      await waitUntil(async () => (await rowsOf()).length === 2);
      expect(await rowsOf()).toMatchObject([
        { kind: 'advised', mti, code: '00' },
        { kind: 'reversed', code: '00', original: { mti, stan: message.de11 } },
      ]);
      expect(await parked()).toEqual([]);

      async function rowsOf() {
        return (await control.ledger({ stan: message.de11 ?? '' })).rows;
      }
    },
  );

  async function linkState(network: string): Promise<string | undefined> {
    const status = await fetch(`http://127.0.0.1:${house.ports().status}/status`);
    return ((await status.json()) as { networks: Record<string, string> }).networks[network];
  }
});

describe('scenario 2, blockchain failure', () => {
  const proofs = async (amount: number) =>
    (await house.pop.ledger()).rows.filter((row) => row.amount === amount).map(({ kind }) => kind);

  it('leaves the financial leg standing; the proof comes later, and the merchant hears of it', async () => {
    await house.pop.down();
    const message = purchase({ de4: '000000006201' });
    expect(await ask(port(), message)).toMatchObject({ de39: '00' });
    await house.pop.up();
    await told(message, 'pop.validated');
    expect(await proofs(6_201)).toContain('validated');
    expect(await visaKinds(message.de11)).toEqual(['authorised']);
  });

  it('opened by an operator: nothing is initiated until the operator closes it', async () => {
    const mode = 'pop-degraded';
    expect(await post('/api/v1/degraded-modes', { mode, open: true, ...OPERATOR })).toBe(202);
    await waitUntil(async () => house.switchLog().includes('"event":"degraded-mode.operator"'));
    const message = purchase({ de4: '000000006202' });
    expect(await ask(port(), message)).toMatchObject({ de39: '00' });
    expect(await proofs(6_202)).toEqual([]);
    expect(await openModes()).toMatchObject([{ mode, ...OPERATOR }]);
    expect(await post('/api/v1/degraded-modes', { mode, open: false, ...OPERATOR })).toBe(202);
    await told(message, 'pop.validated');
    expect(await openModes()).toEqual([]);
  });
});

describe('scenario 3, timeout', () => {
  it('is declined, both legs are undone, and the merchant hears that it failed and that it is reversed', async () => {
    await house.visa.script({ next: 1, scenario: { action: 'silence' } });
    const message = purchase({ de4: '000000006301' });
    expect(await ask(port(), message)).toMatchObject({ de39: '91' });
    await told(message, 'payment.failed', 'payment.reversed');
    expect(noticesFor(message)[0]).toMatchObject({ type: 'payment.failed', scenario: 'timeout', code: '91' });
    expect(await visaKinds(message.de11)).toEqual(['authorised', 'reversed']);
    await waitUntil(async () =>
      (await house.pop.ledger()).rows.some(({ kind, amount }) => kind === 'cancelled' && amount === 6_301),
    );
  });
});

describe('scenario 4, inconsistency', () => {
  it('of a proof that is rejected: the payment stands, with an alert and a case', async () => {
    await house.pop.script({ on: 'initiate', next: 1, scenario: { action: 'reject' } });
    const message = purchase({ de4: '000000006401' });
    expect(await ask(port(), message)).toMatchObject({ de39: '00' });
    await told(message, 'pop.rejected', 'case.opened');
    const [{ transaction } = {}] = noticesFor(message);
    await waitUntil(async () => (await alerts()).some((alert) => alert.transaction === transaction));
    expect((await alerts()).find((alert) => alert.transaction === transaction)).toMatchObject({
      kind: 'case',
      scenario: 'inconsistency',
      subject: 'case pop-rejected',
    });
  });

  it('of a reversal that the network refuses: parked, alerted, and asked again whenever an operator replays it', async () => {
    await house.visa.script({ next: 1, scenario: { action: 'silence' } });
    await house.visa.script({ on: 'reversal', next: 2, scenario: { action: 'decline', code: '12' } });
    const message = purchase({ de4: '000000006402' });
    expect(await ask(port(), message)).toMatchObject({ de39: '91' });
    await waitUntil(async () => (await parked()).length > 0);
    const [followUp] = await parked();
    expect(followUp).toMatchObject({ task: 'reverse-network', lane: 'network/visa' });
    expect(await alerts()).toContainEqual(expect.objectContaining({ kind: 'follow-up-parked' }));
    const replay = (position = 0) => post(`/api/v1/parked-follow-ups/${position}/replay`, OPERATOR);
    expect(await replay(followUp?.position)).toBe(202);
    const again = async () => (await parked()).find(({ parkedAt }) => parkedAt !== followUp?.parkedAt);
    await waitUntil(async () => (await again()) !== undefined);
    const refusedAgain = await again();
    expect(refusedAgain?.reason).toBe('the network refuses the reversal with code 12');

    expect(await replay(refusedAgain?.position)).toBe(202);
    await waitUntil(async () => (await parked()).length === 0);
    expect(await replay(refusedAgain?.position)).toBe(404);
    await waitUntil(async () => (await visaKinds(message.de11)).includes('reversed'));
    const raised = async () => (await alerts()).find(({ kind }) => kind === 'follow-up-parked');
    expect(await raised()).toMatchObject({ closedBy: 'nothing is parked any more' });
    await waitUntil(async () => (await raised())?.amounts.length === 1);
    expect((await raised())?.amounts).toEqual([{ currency: '978', minorUnits: 6_402 }]);
  });
});

describe('the runbooks of docs/fallback.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/fallback.md'), 'utf8');
  const consoles = [...page.matchAll(/```console\n(.*?)```/gs)].flatMap(([, text = '']) =>
    text
      .replaceAll('\\\n', ' ')
      .split(/^\$ /m)
      .filter((command) => command.trim() !== ''),
  );

  it('hold commands that work when they are pasted', async () => {
    const [{ transaction = '' } = {}] = notices;
    const log = (file: string) => join(house.dataDir, file);
    const { zoneKey } = await house.visa.health();
    await house.visa.changeKey();
    await waitUntil(async () => (await house.visa.health()).zoneKey.kcv !== zoneKey.kcv);
    expect(consoles.length).toBeGreaterThan(8);
    for (const command of consoles) {
      const here = command
        .replaceAll('localhost:8080', new URL(admin.url).host)
        .replaceAll('localhost:8585', `127.0.0.1:${house.ports().status}`)
        .replaceAll('.data/logs/switch.log', log('node-1.log'))
        .replaceAll('.data/logs/worker.log', log('node-1.worker.log'));
      const names = { POSITION: await parkedPosition(), TRANSACTION: transaction };
      const places = { DATABASE_URL: house.databaseUrl, npm_config_cache: log('npm-cache') };
      const { stdout } = await run('sh', ['-ec', here], { env: { ...process.env, ...names, ...places } });
      expect(stdout, command).not.toBe('');
    }
  }, 180_000); // a busy machine takes seconds for each

  it('name every scenario, and settings that are valid', () => {
    const scenarios = ['network-failure', 'blockchain-failure', 'timeout', 'inconsistency'];
    expect(scenarios.filter((scenario) => !page.includes(`\`${scenario}\``))).toEqual([]);
    const example = JSON.parse(page.match(/```json\n(\{\s+"followUps".*?)```/s)?.[1] ?? '{}');
    const settings = JSON.parse(readFileSync(join(house.dataDir, 'node-1.json'), 'utf8'));
    expect(example).toHaveProperty('followUps');
    const validated = () => validateSettings({ ...settings, ...example }, 'page', { production: false });
    expect(validated).not.toThrow();
  });

  /** A follow-up that may be replayed: parked by a reversal that the network refuses. */
  async function parkedPosition(): Promise<string> {
    // On a busy machine the network may just be degraded: then it is not asked, and nothing is reversed.
    await waitUntil(async () => {
      if ((await parked()).length > 0) return true;
      await house.visa.script({ next: 1, scenario: { action: 'silence' } });
      await house.visa.script({ on: 'reversal', next: 1, scenario: { action: 'decline', code: '12' } });
      await ask(port(), purchase());
      return false;
    }, 30_000);
    return String((await parked())[0]?.position);
  }
});

it('no notice and no alert names a card', async () => {
  const written = JSON.stringify([notices, await alerts()]);
  for (const card of [CARD, OTHER_CARD]) expect(written).not.toContain(card);
  expect(notices.length).toBeGreaterThan(5);
});
