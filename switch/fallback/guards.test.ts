import { describe, expect, it } from 'vitest';
import type { NetworkConnector, NetworkLinkState, PopConnector } from '../../connectors/index.ts';
import { HsmError } from '../../hsm/index.ts';
import { Pan } from '../../messages/index.ts';
import { silentLog } from '../../runtime/index.ts';
import { createTestCore, inbound, purchaseMessage, served, type TestCore } from '../../test/support/core.ts';
import { DEFAULT_FALLBACK, type FallbackSettings } from '../config/fallback.ts';
import { DEFAULT_KEY_LIFE } from '../config/keys.ts';
import { TerminalKeys } from '../keys/terminal-keys.ts';
import { authorise } from '../serve/authorise.ts';
import type { DecidedBody } from '../transaction/entries.ts';
import { guardNetwork } from './guards.ts';
import { scenariosOf } from './scenarios.ts';
import { watchOver } from './watch-over.ts';

/** A core whose counterparts are watched over, as `startSwitch` arranges it. */
function watched(settings: Partial<FallbackSettings> = {}) {
  const core = createTestCore();
  const { ports, clock } = core;
  const hsm = { ...ports.hsm, connected: () => true, whenConnected: async () => {}, close: async () => {} };
  const fallback = { ...DEFAULT_FALLBACK, minSamples: 5, closeAfterGood: 3, ...settings };
  const link: { state: NetworkLinkState } = { state: 'signed-on' };
  const visa = { ...(ports.networks.get('visa') as NetworkConnector), state: () => link.state };
  const { modes, scenarios, ...guarded } = watchOver(
    { networks: new Map([['visa', visa]]), pop: ports.pop, journal: core.journal, hsm },
    { settings: { node: 'node-1', fallback }, clock, log: silentLog },
  );
  const terminalKeys = new TerminalKeys({ hsm: guarded.hsm, clock, life: DEFAULT_KEY_LIFE });
  return { core, link, modes, scenarios, ports: { ...ports, ...guarded, terminalKeys } };
}

let stan = 0;
async function ask(
  { core, ports }: Pick<ReturnType<typeof watched>, 'core' | 'ports'>,
  card = '4242424242424242',
) {
  stan += 1;
  const number = String(stan).padStart(6, '0');
  const from = core.clock.monotonic();
  let tookMs = 0;
  const answered = served(
    authorise,
    inbound(core, purchaseMessage({ de2: Pan.of(card), de11: number, de7: `1123${number}` })),
    ports,
  )
    .catch((error: Error) => error)
    .finally(() => {
      tookMs = core.clock.monotonic() - from;
    });
  await core.clock.advance(2_500);
  return { reply: await answered, tookMs };
}

const open = ({ modes }: ReturnType<typeof watched>) => modes.open().map(({ mode }) => mode);
const lastDecision = ({ journal }: TestCore) =>
  journal.entries.filter(({ kind }) => kind === 'decided').at(-1)?.body as DecidedBody;

describe('one issuer that has become silent', () => {
  const SILENT = '4000056655665556';

  it('does not cut its network off', async () => {
    const set = watched({ windowMs: 120_000 });
    for (let n = 0; n < 7; n += 1) {
      set.core.network.afterMs = 60_000;
      await ask(set, SILENT);
      set.core.network.afterMs = 20;
      await ask(set);
      expect((await ask(set)).reply).toMatchObject({ code: '00' });
      expect(open(set)).toEqual([]);
    }
  });

  it('or answers later than anybody waits, does not either', async () => {
    const set = watched({ windowMs: 120_000, minSamples: 20 });
    for (let n = 0; n < 7; n += 1) {
      set.core.network.afterMs = 1_700;
      expect((await ask(set, SILENT)).tookMs).toBeGreaterThan(1_500);
      set.core.network.afterMs = 20;
      for (let others = 0; others < 4; others += 1) await ask(set);
      expect(open(set)).toEqual([]);
    }
  });

  it('with many ranges beside healthy ones, does not either', async () => {
    const set = watched({ windowMs: 300_000 });
    const ranges = ['4000056655665556', '4111111111111111', '4012888888881881'];
    for (let n = 0; n < 4; n += 1) {
      for (const card of ranges) {
        set.core.network.afterMs = 60_000;
        await ask(set, card);
        set.core.network.afterMs = 20;
        await ask(set);
      }
    }
    for (let n = 0; n < 4; n += 1) expect((await ask(set)).reply).toMatchObject({ code: '00' });
    expect(open(set)).toEqual([]);
  });

  it('where all are slow, is the network', async () => {
    const set = watched({ windowMs: 120_000 });
    set.core.network.afterMs = 1_700;
    for (let n = 0; n < 4; n += 1) {
      await ask(set, SILENT);
      await ask(set);
    }
    expect(open(set)).toContain('network-degraded:visa');
  });

  it('is not told from its network where no other issuer is heard', async () => {
    const set = watched({ probeEveryMs: 60_000 });
    set.core.network.afterMs = 60_000;
    for (let n = 0; n < 6; n += 1) await ask(set, SILENT);
    expect(open(set)).toContain('network-degraded:visa');
  });
});

describe('what goes unanswered', () => {
  /** A leg that ends unanswered so long after its deadline, as it does where the event loop was away. */
  async function seenAfter(lateMs: number) {
    const { core, ports } = watched();
    const { clock } = core;
    const seen: unknown[] = [];
    const ended = Promise.withResolvers<{ status: 'unknown'; reason: string }>();
    const visa = {
      ...(ports.networks.get('visa') as NetworkConnector),
      state: () => 'signed-on' as const,
      ask: () => ({ left: true as const, outcome: ended.promise }),
    };
    const watching = { admits: () => true, observe: (...what: unknown[]) => seen.push(what) } as never;
    const facts = { maskedPan: '424242******4242' } as never;
    guardNetwork(visa, watching, clock).ask(facts, {} as never, clock.monotonic() + 1_000);
    await clock.advance(1_000 + lateMs);
    ended.resolve({ status: 'unknown', reason: 'no answer' });
    await clock.advance(1);
    return seen;
  }

  it('says that the network is silent', async () => {
    expect(await seenAfter(5)).toMatchObject([['network-degraded:visa', { answered: false }]]);
  });

  it('says nothing where this process was away at its deadline', async () => {
    expect(await seenAfter(700)).toEqual([]);
  });
});

describe('a network that has become silent', () => {
  it('is not waited for any more: declined at once, and nothing is left to undo', async () => {
    const set = watched({ probeEveryMs: 60_000 });
    set.core.network.afterMs = 60_000;
    for (let n = 0; n < 6; n += 1) await ask(set);
    expect(open(set)).toContain('network-degraded:visa');
    const asked = set.core.sent.authorised.length;
    const initiated = set.core.sent.initiated.length;
    const { reply, tookMs } = await ask(set);
    expect(reply).toMatchObject({ code: '91' });
    expect(tookMs).toBeLessThan(100);
    expect(set.core.sent.authorised).toHaveLength(asked);
    expect(set.core.sent.initiated).toHaveLength(initiated);
    expect(lastDecision(set.core)).toMatchObject({
      network: { status: 'unreachable', reason: 'network-degraded:visa' },
      pop: { status: 'unreachable' },
      followUps: [],
    });
    expect(set.scenarios.counts()).toMatchObject({ timeout: 5, 'network-failure': 2 });
  });

  it('is asked again as soon as probes are answered', async () => {
    const set = watched();
    set.core.network.afterMs = 60_000;
    for (let n = 0; n < 6; n += 1) await ask(set);
    set.core.network.afterMs = 20;
    for (let n = 0; n < 3; n += 1) await ask(set);
    expect(open(set)).toEqual([]);
    expect((await ask(set)).reply).toMatchObject({ code: '00' });
  });

  it('still gets its reversals', async () => {
    const set = watched({ probeEveryMs: 60_000 });
    set.core.network.afterMs = 60_000;
    for (let n = 0; n < 6; n += 1) await ask(set);
    const visa = set.ports.networks.get('visa') as NetworkConnector;
    const [facts] = set.core.sent.authorised;
    if (!facts) throw new Error('nothing was asked');
    const pan = Pan.of('4242424242424242');
    const request = { facts, pan, original: 'request', reason: 'no-confirmation', repeat: false } as const;
    const outcome = await visa.reverse(request, 60_000);
    expect(outcome).toMatchObject({ status: 'acknowledged' });
  });
});

describe('what says nothing of how a network answers', () => {
  it.each([
    'link is not signed on',
    'too many requests in flight',
    'a request with the same match key is in flight',
  ])('does not count: never left, since %s', async (reason) => {
    const set = watched();
    set.core.network.outcome = { status: 'unreachable', reason };
    for (let n = 0; n < 20; n += 1) await ask(set);
    expect(open(set)).toEqual([]);
    expect(set.scenarios.counts()['network-failure']).toBe(20);
  });

  it('does not count: lost with its link', async () => {
    const set = watched({ linkDownMs: 3_600_000 });
    set.core.network.outcome = { status: 'unknown', reason: 'read ECONNRESET' };
    set.link.state = 'down';
    for (let n = 0; n < 20; n += 1) await ask(set);
    expect(open(set)).toEqual([]);
    set.link.state = 'signed-on';
    for (let n = 0; n < 6; n += 1) await ask(set);
    expect(open(set)).toEqual(['network-degraded:visa']);
  });
});

describe('a consensus that has become silent', () => {
  it('is not waited for: the financial leg stands at once and the proof is queued', async () => {
    const set = watched({ probeEveryMs: 60_000 });
    set.core.pop.afterMs = 60_000;
    for (let n = 0; n < 6; n += 1) expect((await ask(set)).reply).toMatchObject({ code: '00' });
    expect(open(set)).toEqual(['pop-degraded']);
    const initiated = set.core.sent.initiated.length;
    const { reply, tookMs } = await ask(set);
    expect(reply).toMatchObject({ code: '00' });
    expect(tookMs).toBeLessThan(100);
    expect(set.core.sent.initiated).toHaveLength(initiated);
    expect(lastDecision(set.core)).toMatchObject({
      pop: { status: 'unreachable', reason: 'pop-degraded' },
      followUps: ['complete-pop'],
    });
    expect(set.scenarios.counts()['blockchain-failure']).toBe(7);
  });

  it('is looked up and cancelled whatever the mode', async () => {
    const set = watched({ probeEveryMs: 60_000 });
    set.core.pop.afterMs = 60_000;
    for (let n = 0; n < 6; n += 1) await ask(set);
    const pop: PopConnector = set.ports.pop;
    expect(await pop.standing('x', 60_000)).toMatchObject({ status: 'pending' });
    expect(await pop.cancel('v-1', 'x', 60_000)).toMatchObject({ status: 'cancelled' });
  });
});

describe('what every payment needs', () => {
  it('the HSM: its failures open its mode, and payments go on being refused', async () => {
    const set = watched();
    set.core.hsm.failure = new HsmError('HSM_TIMEOUT');
    for (let n = 0; n < 6; n += 1) expect((await ask(set)).reply).toMatchObject({ responseCode: '96' });
    expect(open(set)).toEqual(['hsm-degraded']);
    delete set.core.hsm.failure;
    for (let n = 0; n < 3; n += 1) expect((await ask(set)).reply).toMatchObject({ code: '00' });
    expect(open(set)).toEqual([]);
  });

  it('the journal: its failures open its mode, and payments go on being refused', async () => {
    const set = watched();
    set.core.journal.moods = Array.from({ length: 6 }, () => 'away' as const);
    for (let n = 0; n < 6; n += 1) expect((await ask(set)).reply).toMatchObject({ responseCode: '96' });
    expect(open(set)).toEqual(['journal-degraded']);
  });
});

describe('the scenarios, by name', () => {
  const accepted = { status: 'accepted', validation: 'v-1' } as const;
  const approved = { status: 'approved', code: '00' } as const;
  const away = { status: 'unreachable', reason: 'connection refused' } as const;
  const silent = { status: 'unknown', reason: 'no answer by the deadline' } as const;

  it.each([
    ['all went well', { network: approved, pop: accepted, approved: true }, []],
    ['nothing reached the network', { network: away, pop: accepted, approved: false }, ['network-failure']],
    ['the network did not answer', { network: silent, pop: accepted, approved: false }, ['timeout']],
    ['the consensus was away', { network: approved, pop: away, approved: true }, ['blockchain-failure']],
    [
      'the consensus did not answer',
      { network: approved, pop: silent, approved: true },
      ['blockchain-failure'],
    ],
    [
      'the consensus rejects what stands',
      {
        network: approved,
        pop: { status: 'rejected', reason: 'x' },
        approved: true,
        caseKind: 'pop-rejected',
      },
      ['inconsistency'],
    ],
    [
      'the switch itself refused',
      {
        network: { status: 'unreachable', reason: 'SW_PIN_BLOCK' },
        pop: { status: 'unreachable', reason: 'SW_PIN_BLOCK' },
        approved: false,
      },
      [],
    ],
  ] as const)('%s', (_, decided, expected) => {
    expect(scenariosOf(decided)).toEqual(expected);
  });
});
