import { createServer, type IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog, systemClock } from '../../../runtime/index.ts';
import {
  createTestCore,
  inbound,
  purchaseMessage,
  served,
  type TestCore,
} from '../../../test/support/core.ts';
import { developmentSettings } from '../../config/development.ts';
import type { FollowUpResult } from '../../follow-up/queue.ts';
import { followUpTasks } from '../../follow-up/tasks.ts';
import type { Ports } from '../../ports.ts';
import { authorise } from '../../serve/authorise.ts';
import { readTransaction } from '../../transaction/append-next.ts';
import type { Alert } from '../alerts.ts';
import { watchOver } from '../watch-over.ts';
import type { Notice } from './events.ts';
import {
  NOTICE_ID_HEADER,
  type Notifications,
  REPLAY_WINDOW_SECONDS,
  SIGNATURE_HEADER,
  signature,
  verifySignature,
  type WebhookOutcome,
  webhookSender,
} from './webhook.ts';

const MERCHANT = 'MERCHANT0000001';
const SECRET = Buffer.from('a secret of the merchant, long enough');

interface Told {
  readonly core: TestCore;
  readonly ports: Ports;
  readonly notices: Notice[];
  readonly alerts: Alert[];
  /** What the merchant's address answers, in turn; then 200. */
  readonly answers: WebhookOutcome[];
  /** Runs every follow-up of the outbox that was committed since. */
  tell(attempt?: number): Promise<FollowUpResult[]>;
}

function told({ isListening = true, policy = {} }: { isListening?: boolean; policy?: object } = {}): Told {
  const { merchants } = developmentSettings({
    databaseUrl: 'postgres://unused',
    hsmSocketPath: '/unused',
    visa: { host: '127.0.0.1', port: 0 },
    popUrl: 'http://127.0.0.1:1',
  });
  const core = createTestCore({ merchants: merchants.map((each) => ({ ...each, ...policy })) });
  const notices: Notice[] = [];
  const alerts: Alert[] = [];
  const answers: WebhookOutcome[] = [];
  const notifications: Notifications = {
    webhooks: new Map(isListening ? [[MERCHANT, { url: 'http://127.0.0.1:1', secret: SECRET }]] : []),
    sender: {
      async post(_, id, body) {
        const answer = answers.shift() ?? { status: 'answered', code: 200 };
        if (answer.status === 'answered' && answer.code === 200) notices.push(JSON.parse(body));
        expect(JSON.parse(body)).toMatchObject({ id });
        return answer;
      },
    },
  };
  const { clock } = core;
  const hsm = {
    ...core.ports.hsm,
    connected: () => true,
    whenConnected: async () => {},
    close: async () => {},
  };
  const {
    modes,
    scenarios: _,
    ...guarded
  } = watchOver(
    { networks: core.ports.networks, pop: core.ports.pop, journal: core.journal, hsm },
    { settings: { node: 'node-1' }, clock, log: silentLog, notifications },
  );
  modes.close();
  const raise = async (alert: Alert) =>
    void (alerts.some(({ key }) => key === alert.key) || alerts.push(alert));
  const ports: Ports = { ...core.ports, ...guarded, notifications, alerts: { raise } };
  let done = 0;
  return {
    core,
    ports,
    notices,
    alerts,
    answers,
    async tell(attempt = 1) {
      const results: FollowUpResult[] = [];
      const jobs = core.journal.followUps.slice(done);
      done = core.journal.followUps.length;
      for (const { task, transaction, lane } of jobs) {
        if (task !== 'notify' && task !== 'raise-alert') continue;
        results.push(await followUpTasks(ports)[task]({ transaction, attempt, lane }));
      }
      return results;
    },
  };
}

async function purchase({ core, ports }: Told): Promise<string> {
  const done = served(authorise, inbound(core, purchaseMessage()), ports);
  await core.clock.advance(10_000);
  await done;
  return core.journal.entries.find(({ kind }) => kind === 'intended')?.transaction ?? '';
}

const types = ({ notices }: Told) => notices.map(({ type }) => type);

describe('the merchant', () => {
  it('is told nothing of a payment that takes its usual course', async () => {
    const set = told();
    await purchase(set);
    expect(await set.tell()).toEqual([]);
    expect(set.core.journal.followUps).toEqual([]);
  });

  it('of a timeout: failed, then reversed once the network acknowledges', async () => {
    const set = told();
    set.core.network.afterMs = 60_000;
    const transaction = await purchase(set);
    await set.tell();
    expect(set.notices).toMatchObject([
      { type: 'payment.failed', scenario: 'timeout', code: '91', merchant: MERCHANT, transaction },
    ]);
    await followUpTasks(set.ports)['reverse-network']({ transaction, attempt: 1, lane: 'x' });
    await set.tell();
    expect(types(set)).toEqual(['payment.failed', 'payment.reversed']);
    expect(set.notices[1]).toMatchObject({ remainingMinorUnits: 0 });
  });

  it('of a network failure: failed', async () => {
    const set = told();
    set.core.network.outcome = { status: 'unreachable', reason: 'link is down' };
    await purchase(set);
    await set.tell();
    expect(set.notices).toMatchObject([{ type: 'payment.failed', scenario: 'network-failure' }]);
  });

  it('of a proof: validated, or rejected with a case', async () => {
    const set = told();
    const transaction = await purchase(set);
    set.core.standing = { status: 'validated', validation: 'v-1' };
    await followUpTasks(set.ports)['complete-pop']({ transaction, attempt: 1, lane: 'pop' });
    await set.tell();
    expect(types(set)).toEqual(['pop.validated']);

    const other = told();
    other.core.pop.outcome = { status: 'rejected', reason: 'no such consumer' };
    await purchase(other);
    await other.tell();
    expect(types(other)).toEqual(['pop.rejected', 'case.opened']);
  });

  it('gets amounts and numbers, and nothing that names a card', async () => {
    const set = told();
    set.core.network.afterMs = 60_000;
    await purchase(set);
    await set.tell();
    expect(set.notices[0]).toMatchObject({
      amount: { minorUnits: 2_500, currency: '978' },
      occurredAt: expect.stringMatching(/^2026-11-23T/),
      terminal: 'TERM0001',
    });
    const body = JSON.stringify(set.notices);
    for (const secret of ['4242', 'cardReference', 'pan']) expect(body.toLowerCase()).not.toContain(secret);
  });

  it('that is away is told later, once, and the retries end in parking', async () => {
    const set = told();
    set.core.network.afterMs = 60_000;
    const transaction = await purchase(set);
    set.answers.push(
      { status: 'unreachable', reason: 'connection refused' },
      { status: 'answered', code: 503 },
    );
    expect(await set.tell()).toMatchObject([{ retryAfterMs: expect.any(Number) }]);
    const again = (attempt: number) =>
      followUpTasks(set.ports).notify({ transaction, attempt, lane: 'notify' });
    expect(await again(1_452)).toMatchObject({ park: expect.stringContaining('503') });
    expect(await again(1)).toEqual({ done: true });
    expect(await again(1)).toEqual({ done: true });
    expect(types(set)).toEqual(['payment.failed']);
  });

  it('whose address refuses is not asked again and again', async () => {
    const set = told();
    set.core.network.afterMs = 60_000;
    await purchase(set);
    set.answers.push({ status: 'answered', code: 404 });
    expect(await set.tell()).toEqual([{ park: "the merchant's address answered 404" }]);
  });

  it('that has no address costs nothing', async () => {
    const set = told({ isListening: false });
    set.core.network.afterMs = 60_000;
    await purchase(set);
    expect(set.core.journal.followUps.map(({ task }) => task)).toEqual(['reverse-network', 'cancel-pop']);
  });

  it('goes on being told where it was interrupted', async () => {
    const set = told();
    set.core.pop.outcome = { status: 'rejected', reason: 'x' };
    const transaction = await purchase(set);
    set.answers.push({ status: 'answered', code: 200 }, { status: 'answered', code: 500 });
    expect(await set.tell()).toMatchObject([{ retryAfterMs: expect.any(Number) }, { done: true }]);
    await followUpTasks(set.ports).notify({ transaction, attempt: 2, lane: 'notify' });
    expect(new Set(types(set))).toEqual(new Set(['pop.rejected', 'case.opened']));
    expect((await readTransaction(set.core.journal, transaction)).notifiedThrough).toBe(2);
  });
});

describe('operators', () => {
  it('are alerted of a case once, however often the follow-up runs', async () => {
    const set = told({ isListening: false });
    set.core.pop.outcome = { status: 'rejected', reason: 'x' };
    const transaction = await purchase(set);
    expect(await set.tell()).toEqual([{ done: true }]);
    await followUpTasks(set.ports)['raise-alert']({ transaction, attempt: 2, lane: 'alerts' });
    expect(set.alerts).toMatchObject([
      { kind: 'case', scenario: 'inconsistency', subject: 'case pop-rejected', transaction },
    ]);
    expect(JSON.stringify(set.alerts)).not.toContain('4242');
  });

  it('are alerted later where the alert cannot be written now', async () => {
    const set = told({ isListening: false });
    set.core.pop.outcome = { status: 'rejected', reason: 'x' };
    const transaction = await purchase(set);
    const raise = () => Promise.reject(new Error('the database is away'));
    const tasks = followUpTasks({ ...set.ports, alerts: { raise } });
    expect(await tasks['raise-alert']({ transaction, attempt: 1, lane: 'alerts' })).toMatchObject({
      retryAfterMs: expect.any(Number),
    });
  });
});

describe('a signature', () => {
  const body = '{"id":"1"}';
  const now = 1_795_000_000;

  it('verifies under the same secret, within the window', () => {
    const header = signature(SECRET, body, now);
    for (const seconds of [now, now + REPLAY_WINDOW_SECONDS, now - REPLAY_WINDOW_SECONDS]) {
      expect(verifySignature(SECRET, body, header, seconds)).toBe(true);
    }
  });

  it('verifies under the new secret and under the one before, while it is changed', () => {
    const former = Buffer.from('the secret that the merchant had before');
    const header = signature(SECRET, body, now, former);
    expect(header).toMatch(/^t=\d+,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/);
    for (const secret of [SECRET, former]) expect(verifySignature(secret, body, header, now)).toBe(true);
    expect(verifySignature(Buffer.from('another'), body, header, now)).toBe(false);
  });

  it.each([
    ['another secret', Buffer.from('another'), body, now],
    ['another body', SECRET, '{"id":"2"}', now],
    ['a replay', SECRET, body, now + REPLAY_WINDOW_SECONDS + 1],
  ])('is refused with %s', (_, secret, given, seconds) => {
    expect(verifySignature(secret, given, signature(SECRET, body, now), seconds)).toBe(false);
  });

  it('is refused where its time was changed, or it is none', () => {
    const header = signature(SECRET, body, now).replace(String(now), String(now + 1));
    expect(verifySignature(SECRET, body, header, now)).toBe(false);
    for (const none of ['', 't=1', 'v1=00', `t=${now},v1=zz`]) {
      expect(verifySignature(SECRET, body, none, now)).toBe(false);
    }
  });
});

describe('the sender', () => {
  async function receiver(answer: (request: IncomingMessage, body: string) => number | undefined) {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const code = answer(request, Buffer.concat(chunks).toString());
      if (code !== undefined) {
        response.writeHead(code, { location: 'http://127.0.0.1:1/' }).end('x'.repeat(100_000));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    return {
      url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/notices`,
      secret: SECRET,
    };
  }
  const soon = (ms = 5_000) => systemClock.monotonic() + ms;

  it('posts the body as signed, with the id of the notice', async () => {
    const seen: { path: string | undefined; isVerified: boolean; id: unknown }[] = [];
    const webhook = await receiver((request, body) => {
      const header = String(request.headers[SIGNATURE_HEADER]);
      const isVerified = verifySignature(SECRET, body, header, systemClock.wall() / 1_000);
      seen.push({ path: request.url, isVerified, id: request.headers[NOTICE_ID_HEADER] });
      return 204;
    });
    const body = JSON.stringify({ merchant: 'Café' });
    expect(await webhookSender(systemClock).post(webhook, 'n-1', body, soon())).toEqual({
      status: 'answered',
      code: 204,
    });
    expect(seen).toEqual([{ path: '/notices', isVerified: true, id: 'n-1' }]);
  });

  it('follows no redirect', async () => {
    const webhook = await receiver(() => 302);
    expect(await webhookSender(systemClock).post(webhook, 'n', '{}', soon())).toEqual({
      status: 'answered',
      code: 302,
    });
  });

  it('gives up at the deadline, and where nobody listens', async () => {
    const silent = await receiver(() => undefined);
    expect(await webhookSender(systemClock).post(silent, 'n', '{}', soon(50))).toMatchObject({
      status: 'unreachable',
    });
    const nobody = { url: 'http://127.0.0.1:1/', secret: SECRET };
    expect(await webhookSender(systemClock).post(nobody, 'n', '{}', soon())).toMatchObject({
      status: 'unreachable',
    });
  });
});
