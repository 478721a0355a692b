import { describe, expect, it } from 'vitest';
import { HsmError } from '../../hsm/index.ts';
import { Pan, PinBlock } from '../../messages/index.ts';
import { createTestCore, inbound, purchaseMessage, served, type TestCore } from '../../test/support/core.ts';
import { settle } from '../../test/support/virtual-clock.ts';
import { developmentSettings } from '../config/development.ts';
import type { Settings } from '../config/settings.ts';
import type { Refusal } from '../errors.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { foldTransaction } from '../transaction/fold.ts';
import { authorise } from './authorise.ts';

const standInSettings = (): Partial<Settings> => {
  const merchant = [{ currency: '978', floorMinorUnits: 5_000, count: 5, minorUnits: 20_000 }];
  const perCardDay = [{ currency: '978', count: 3, minorUnits: 9_000 }];
  const issuers = [
    { from: '4', to: '4', perCardDay, pinTriesPerCardDay: 3, withoutExpiry: 'accept' as const },
  ];
  const { merchants } = developmentSettings({
    databaseUrl: 'postgres://unused',
    hsmSocketPath: '/unused',
    visa: { host: '127.0.0.1', port: 0 },
    popUrl: 'http://127.0.0.1:1',
  });
  return {
    merchants: merchants.map((each) => ({ ...each, standIn: merchant })),
    standIn: { issuers, negativeList: [] },
  };
};

interface Watched {
  reply: ReplyFields | undefined;
  refusal: Refusal | undefined;
  /** Virtual milliseconds from the request to its end. */
  tookMs: number | undefined;
}

function start(core: TestCore, message = purchaseMessage()): Watched {
  const watched: Watched = { reply: undefined, refusal: undefined, tookMs: undefined };
  const from = core.clock.monotonic();
  served(authorise, inbound(core, message), core.ports)
    .then(
      (reply) => {
        watched.reply = reply;
      },
      (error) => {
        watched.refusal = error;
      },
    )
    .finally(() => {
      watched.tookMs = core.clock.monotonic() - from;
    });
  return watched;
}

async function complete(core: TestCore, message = purchaseMessage()): Promise<Watched> {
  const watched = start(core, message);
  await core.clock.advance(10_000);
  return watched;
}

const onlyTransaction = (core: TestCore) => {
  const id = core.journal.entries[0]?.transaction ?? '';
  const transaction = foldTransaction(core.journal.entries.filter((entry) => entry.transaction === id));
  if (!transaction) throw new Error('nothing was journalled');
  return transaction;
};

describe('an authorisation', () => {
  it('is answered when the slower leg has ended', async () => {
    const core = createTestCore();
    core.network.afterMs = 40;
    core.pop.afterMs = 90;
    const { reply, tookMs } = await complete(core);
    expect(reply).toMatchObject({ code: '00', approvalCode: 'A1B2C3' });
    expect(tookMs).toBe(90);
  });

  it('opens no leg before its intention is journalled', async () => {
    const core = createTestCore();
    core.journal.moods = ['away'];
    const { refusal } = await complete(core);
    expect(refusal).toMatchObject({ code: 'SW_JOURNAL', responseCode: '96' });
    expect(core.sent.authorised).toEqual([]);
    expect(core.sent.initiated).toEqual([]);
  });

  it('names both legs in the intention and decides them in one entry', async () => {
    const core = createTestCore();
    await complete(core);
    const { opening, decided } = onlyTransaction(core);
    expect(opening).toMatchObject({ network: 'visa', pop: { merchant: 'MERCHANT0000001' } });
    expect(decided).toMatchObject({ network: { status: 'approved' }, pop: { status: 'accepted' } });
    expect(core.journal.followUps).toEqual([]); // the sweeper waits for the proof
  });

  it('writes down neither PAN nor PIN block', async () => {
    const core = createTestCore();
    await complete(core, purchaseMessage({ de52: PinBlock.of(Buffer.from('1122334455667788', 'hex')) }));
    const written = JSON.stringify(core.journal.entries);
    expect(written).not.toContain('4242424242424242');
    expect(written).not.toContain('1122334455667788');
    expect(written).not.toContain('5a5a5a5a5a5a5a5a');
    expect(written).toContain('424242******4242');
  });
});

describe('the deadline', () => {
  it('a silent network is declined 91 within it and reversed', async () => {
    const core = createTestCore();
    core.network.afterMs = 60_000;
    const { reply, tookMs } = await complete(core);
    expect(reply?.code).toBe('91');
    expect(tookMs).toBe(1_750);
    expect(core.journal.followUps.map(({ task }) => task)).toEqual(['reverse-network', 'cancel-pop']);
  });

  it('a silent consensus does not stop an approval', async () => {
    const core = createTestCore();
    core.pop.afterMs = 60_000;
    const { reply, tookMs } = await complete(core);
    expect(reply?.code).toBe('00');
    expect(tookMs).toBe(1_750);
    expect(core.journal.followUps.map(({ task }) => task)).toEqual(['complete-pop']);
  });

  it.each([
    [1_749, '00'],
    [1_750, '91'],
    [1_751, '91'],
  ])('a network that answers after %i ms gets the terminal a %s', async (afterMs, code) => {
    const core = createTestCore();
    core.network.afterMs = afterMs;
    expect((await complete(core)).reply?.code).toBe(code);
  });

  it('writes nothing down whose legs could not end in time', async () => {
    const core = createTestCore({ deadlineMs: 250, replyMarginMs: 250 });
    const { refusal } = await complete(core);
    expect(refusal).toMatchObject({ code: 'SW_OVERLOADED', responseCode: '96' });
    expect(core.journal.entries).toEqual([]);
  });

  it('opens no leg when its time is over by then', async () => {
    const core = createTestCore();
    const { journal, clock } = core.ports;
    const append: typeof journal.append = async (...of) => {
      const appended = await journal.append(...of);
      await new Promise<void>((resolve) => clock.after(1_750, resolve));
      return appended;
    };
    const slow = Object.assign(Object.create(journal), { append });
    Object.assign(core, { ports: { ...core.ports, journal: slow } });
    const { reply } = await complete(core);
    expect(reply?.code).toBe('96');
    expect(core.sent).toMatchObject({ authorised: [], initiated: [] });
  });
});

describe('the two legs', () => {
  /** What the network and the consensus are asked, in order. */
  function order(core: TestCore): string[] {
    const asked: string[] = [];
    const { networks, pop, standIn } = core.ports;
    const visa = networks.get('visa');
    if (!visa) throw new Error('no network');
    const ask: typeof visa.ask = (...of) => {
      asked.push('network');
      return visa.ask(...of);
    };
    const initiate: typeof pop.initiate = (...of) => {
      asked.push('proof');
      return pop.initiate(...of);
    };
    const cover: typeof standIn.cover = async (...of) => {
      const covered = await standIn.cover(...of);
      asked.push('stand-in');
      return covered;
    };
    const ports = { networks: new Map([['visa', { ...visa, ask }]]), pop: { ...pop, initiate } };
    Object.assign(core, { ports: { ...core.ports, ...ports, standIn: { cover, heard: () => {} } } });
    return asked;
  }

  it('start at once where the network can be asked', async () => {
    const core = createTestCore();
    const asked = order(core);
    core.network.afterMs = 500;
    core.pop.afterMs = 500;
    const { tookMs } = await complete(core);
    expect(asked).toEqual(['network', 'proof']);
    expect(tookMs).toBe(500);
  });

  it('no proof is begun where nothing left for the network and nobody stands in', async () => {
    const core = createTestCore();
    const asked = order(core);
    core.network.outcome = { status: 'unreachable', reason: 'link is down' };
    const { reply } = await complete(core);
    expect(reply?.code).toBe('91');
    expect(asked).toEqual(['network', 'stand-in']);
    expect(onlyTransaction(core).decided).toMatchObject({ pop: { status: 'unreachable' }, followUps: [] });
  });

  it.each([
    ['approves', '000000002500', '00', ['network', 'stand-in', 'proof'], ['advise-network']],
    ['refuses', '000000005001', '91', ['network', 'stand-in'], []],
  ])('stand-in decides before a proof is begun: it %s', async (_, de4, code, expected, tasks) => {
    const core = createTestCore(standInSettings());
    const asked = order(core);
    core.network.outcome = { status: 'unreachable', reason: 'link is down' };
    const { reply } = await complete(core, purchaseMessage({ de4 }));
    expect(reply?.code).toBe(code);
    expect(asked).toEqual(expected);
    expect(core.journal.followUps.map(({ task }) => task)).toEqual(tasks);
  });

  it('what stand-in approves at the last moment gets its proof afterwards', async () => {
    const core = createTestCore(standInSettings());
    core.network.outcome = { status: 'unreachable', reason: 'link is down' };
    const { standIn, clock } = core.ports;
    const cover: typeof standIn.cover = async (...of) => {
      const covered = await standIn.cover(...of);
      await new Promise<void>((resolve) => clock.after(1_750, resolve));
      return covered;
    };
    Object.assign(core, { ports: { ...core.ports, standIn: { cover, heard: () => {} } } });
    expect((await complete(core)).reply?.code).toBe('00');
    expect(core.sent.initiated).toEqual([]);
    expect(core.journal.followUps.map(({ task }) => task)).toEqual(['advise-network', 'complete-pop']);
  });

  it('a purchase without proof stays without one, whatever becomes of its network', async () => {
    const core = createTestCore();
    core.network.outcome = { status: 'unreachable', reason: 'link is down' };
    await complete(core, purchaseMessage({ mti: '0200', de3: '010000' }));
    expect(onlyTransaction(core).decided).toMatchObject({ pop: { status: 'not-applicable' } });
  });
});

describe('the same request again', () => {
  it('waits for the answer of its original in flight', async () => {
    const core = createTestCore();
    core.network.afterMs = 500;
    const original = start(core);
    await core.clock.advance(100);
    const repeat = start(core, purchaseMessage({ mti: '0101' }));
    await core.clock.advance(10_000);
    expect(repeat.reply).toEqual(original.reply);
    expect(core.sent.authorised).toHaveLength(1);
  });

  it('gets the stored answer later', async () => {
    const core = createTestCore();
    const first = await complete(core);
    const again = await complete(core, purchaseMessage({ mti: '0101' }));
    expect(again.reply).toEqual(first.reply);
    expect(core.sent.authorised).toHaveLength(1);
  });

  it.each([
    ['another amount', { de4: '000000002600' }],
    ['another card', { de2: Pan.of('4111111111111111') }],
    ['another currency', { de49: '840' }],
  ])('with %s is refused 94, in flight and later', async (_, change) => {
    const core = createTestCore();
    start(core);
    await settle();
    const inFlight = start(core, purchaseMessage(change));
    await core.clock.advance(10_000);
    expect(inFlight.refusal).toMatchObject({ code: 'SW_KEY_REUSED', responseCode: '94' });
    const later = await complete(core, purchaseMessage(change));
    expect(later.refusal).toMatchObject({ code: 'SW_KEY_REUSED', responseCode: '94' });
    expect(core.sent.authorised).toHaveLength(1);
  });

  it('gets the stored answer although other content under its key is in flight', async () => {
    const core = createTestCore();
    const first = await complete(core);
    start(core, purchaseMessage({ de4: '000000002600' }));
    const again = await complete(core, purchaseMessage({ mti: '0101' }));
    expect(again.reply).toEqual(first.reply);
    expect(core.sent.authorised).toHaveLength(1);
  });

  it('with a new STAN is a new purchase', async () => {
    const core = createTestCore();
    await complete(core);
    await complete(core, purchaseMessage({ de11: '000002' }));
    expect(core.sent.authorised).toHaveLength(2);
  });
});

describe('a journal that fails at the second durable point', () => {
  it('certainly not stored: declined, and undone once the journal is back', async () => {
    const core = createTestCore();
    core.journal.moods = ['well', 'away'];
    const { reply } = await complete(core);
    expect(reply?.code).toBe('96');
    expect(onlyTransaction(core).decided).toMatchObject({ approved: false });
    expect(core.journal.followUps.map(({ task }) => task)).toEqual(['reverse-network', 'cancel-pop']);
  });

  it('perhaps stored, and it was: silence, and a repeat gets the approval', async () => {
    const core = createTestCore();
    core.journal.moods = ['well', 'unknown-stored'];
    expect((await complete(core)).reply).toBeUndefined();
    expect((await complete(core, purchaseMessage({ mti: '0101' }))).reply?.code).toBe('00');
    expect(core.journal.followUps.map(({ task }) => task)).toEqual([]);
  });

  it('perhaps stored, and it was not: silence, and everything is undone', async () => {
    const core = createTestCore();
    core.journal.moods = ['well', 'unknown-lost'];
    expect((await complete(core)).reply).toBeUndefined();
    expect((await complete(core, purchaseMessage({ mti: '0101' }))).reply?.code).toBe('96');
    expect(core.journal.followUps.map(({ task }) => task)).toEqual(['reverse-network', 'cancel-pop']);
  });

  it('an intention that was stored after all is closed without a leg', async () => {
    const core = createTestCore();
    core.journal.moods = ['unknown-stored'];
    expect((await complete(core)).refusal).toMatchObject({ code: 'SW_JOURNAL' });
    expect(onlyTransaction(core)).toMatchObject({ network: 'not-sent', pop: 'not-sent' });
    expect(core.journal.followUps).toEqual([]);
  });
});

describe('refusals before a leg opens', () => {
  const withPin = purchaseMessage({ de52: PinBlock.of(Buffer.alloc(8, 1)) });

  it.each([
    ['an unknown terminal', { de41: 'TERM9999' }, '58'],
    ['an unknown merchant', { de42: 'MERCHANT9999999' }, '03'],
    ['an IIN without route', { de2: Pan.of('5555555555554444') }, '92'],
    ['an unknown currency', { de49: '999' }, '30'],
    ['an amount of zero', { mti: '0200', de4: '000000000000' }, '13'],
    ['another processing code', { de3: '990000' }, '12'],
    ['an online request of what was authorised before', { mti: '0200', de25: '06' }, '12'],
  ])('%s', async (_, change, responseCode) => {
    const core = createTestCore();
    expect((await complete(core, purchaseMessage(change))).refusal).toMatchObject({ responseCode });
    expect(core.journal.entries).toEqual([]);
  });

  it.each(['de4', 'de11', 'de41', 'de42', 'de49', 'de3'] as const)(
    'a missing %s is a format error',
    async (element) => {
      const core = createTestCore();
      const message = purchaseMessage();
      delete message[element];
      expect((await complete(core, message)).refusal).toMatchObject({
        code: 'SW_FORMAT',
        responseCode: '30',
      });
    },
  );

  it('a wrong MAC', async () => {
    const core = createTestCore();
    core.hsm.mac = false;
    expect((await complete(core)).refusal).toMatchObject({ code: 'SW_MAC_WRONG', responseCode: '63' });
    expect(core.journal.entries).toEqual([]);
  });

  it('an HSM that is away', async () => {
    const core = createTestCore();
    core.hsm.failure = new HsmError('HSM_UNAVAILABLE');
    expect((await complete(core)).refusal).toMatchObject({ code: 'SW_HSM', responseCode: '96' });
  });

  it.each([
    ['HSM_PIN_BLOCK_INVALID', '88'],
    ['HSM_TIMEOUT', '96'],
  ] as const)(
    'a PIN that cannot be translated (%s) is journalled as %s, and no leg opens',
    async (code, expected) => {
      const core = createTestCore();
      core.hsm.pinFailure = new HsmError(code);
      expect((await complete(core, withPin)).reply?.code).toBe(expected);
      expect(core.sent.authorised).toEqual([]);
      expect(onlyTransaction(core)).toMatchObject({ network: 'not-sent', pop: 'not-sent' });
    },
  );
});
