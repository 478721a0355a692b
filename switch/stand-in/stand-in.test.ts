import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HsmError } from '../../hsm/index.ts';
import { Bytes, Pan, PinBlock, Track2 } from '../../messages/index.ts';
import { createTestCore, inbound, purchaseMessage, served, type TestCore } from '../../test/support/core.ts';
import { developmentSettings } from '../config/development.ts';
import type { Settings } from '../config/settings.ts';
import type { IssuerStandIn, MerchantStandIn } from '../config/stand-in.ts';
import { followUpTasks } from '../follow-up/tasks.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { authorise } from '../serve/authorise.ts';
import { reverse } from '../serve/take-back.ts';
import { readTransaction } from '../transaction/append-next.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { afterTaking, issuerOf, ruleOut, STAND_IN_REFUSALS, type StandInFacts } from './rules.ts';

const MERCHANT: MerchantStandIn = [{ currency: '978', floorMinorUnits: 5_000, count: 5, minorUnits: 20_000 }];
const ISSUER: IssuerStandIn = {
  from: '4',
  to: '4',
  perCardDay: [{ currency: '978', count: 3, minorUnits: 9_000 }],
  pinTriesPerCardDay: 3,
  withoutExpiry: 'accept',
};
/** PAN, expiry, service code, then key index, PVV and CVV as Visa places them. */
const TRACK = '4242424242424242=3012201112340789';
const WITH_PIN: IssuerStandIn = {
  ...ISSUER,
  pin: { method: 'pvv', key: 'PVK/VISA', keyIndexAt: 0, valueAt: 1 },
};

interface Offer {
  merchant?: MerchantStandIn;
  issuer?: IssuerStandIn;
  negativeList?: string[];
}

function coreWith({ merchant = MERCHANT, issuer = ISSUER, negativeList = [] }: Offer = {}): TestCore {
  const base = developmentSettings({
    databaseUrl: 'postgres://unused',
    hsmSocketPath: '/unused',
    visa: { host: '127.0.0.1', port: 0 },
    popUrl: 'http://127.0.0.1:1',
  });
  const settings: Partial<Settings> = {
    merchants: base.merchants.map((each) => ({ ...each, standIn: merchant })),
    standIn: { issuers: [issuer], negativeList },
  };
  const core = createTestCore(settings);
  core.network = { outcome: { status: 'unreachable', reason: 'link is down' }, afterMs: 0 };
  return core;
}

let stan = 0;
const purchase = (overrides: Partial<TerminalMessage> = {}): TerminalMessage => {
  stan += 1;
  const number = String(stan).padStart(6, '0');
  return purchaseMessage({ de11: number, de7: `1123${number}`, ...overrides });
};

async function ask(core: TestCore, message = purchase()): Promise<ReplyFields | undefined> {
  const answered = served(authorise, inbound(core, message), core.ports);
  await core.clock.advance(5_000);
  return answered;
}

const intended = (core: TestCore) =>
  core.journal.entries.filter(({ kind }) => kind === 'intended').map(({ transaction }) => transaction);
const last = (core: TestCore) => readTransaction(core.journal, intended(core).at(-1) ?? '');
const reasonOf = async (core: TestCore) => {
  const { decided } = await last(core);
  const standIn = decided?.network.status === 'unreachable' ? decided.network.standIn : undefined;
  return standIn?.approved === false ? standIn.reason : undefined;
};
const tasks = (core: TestCore) => core.journal.followUps.map(({ task }) => task);

describe('a purchase whose network is unreachable', () => {
  it('is approved in the issuer’s stead, and the network is to be advised', async () => {
    const core = coreWith();
    const reply = await ask(core);
    expect(reply).toMatchObject({ code: '00', approvalCode: expect.stringMatching(/^S[A-Z2-9]{5}$/) });
    expect(tasks(core)).toEqual(['advise-network']);
    expect(await last(core)).toMatchObject({
      state: 'approved',
      network: 'to-advise',
      standingMinorUnits: 2_500,
      networkMinorUnits: 0,
      decided: {
        network: { status: 'unreachable', standIn: { approved: true, approvalCode: reply?.approvalCode } },
      },
    });
  });

  it('is told to the network with its approval code and amount until it acknowledges', async () => {
    const core = coreWith();
    const reply = await ask(core);
    const job = { transaction: intended(core)[0] ?? '', attempt: 1, lane: 'network/visa' };
    const advised: unknown[] = [];
    const visa = core.ports.networks.get('visa');
    if (!visa) throw new Error('no network');
    const advise: typeof visa.advise = async (request) => {
      advised.push(request);
      return core.reversal;
    };
    const networks = new Map([['visa', { ...visa, advise }]]);
    await followUpTasks({ ...core.ports, networks })['advise-network'](job);
    expect(advised).toMatchObject([
      { reason: 'stand-in', minorUnits: 2_500, approvalCode: reply?.approvalCode },
    ]);
    expect(await last(core)).toMatchObject({ network: 'advised', networkMinorUnits: 2_500, cases: [] });
  });

  it('taken back before the network heard of it: advised in full, then reversed in full', async () => {
    const core = coreWith();
    const message = purchase();
    await ask(core, message);
    const reversal = { ...message, mti: '0400' };
    const answered = served(reverse, inbound(core, reversal), core.ports);
    await core.clock.advance(100);
    expect(await answered).toMatchObject({ code: '00' });
    const job = { transaction: intended(core)[0] ?? '', attempt: 1, lane: 'network/visa' };
    const jobs = followUpTasks(core.ports);
    expect(tasks(core)).toEqual(['advise-network', 'reverse-network', 'cancel-pop']);
    await jobs['advise-network'](job);
    expect(await last(core)).toMatchObject({ network: 'advised', networkMinorUnits: 2_500 });
    await jobs['reverse-network'](job);
    expect(await last(core)).toMatchObject({
      network: 'reversed',
      networkMinorUnits: 0,
      standingMinorUnits: 0,
    });
    expect(core.sent.reversed).toHaveLength(1);
  });

  it('is never stood in for where the outcome is unknown', async () => {
    const core = coreWith();
    core.network.outcome = { status: 'unknown', reason: 'connection ended' };
    expect(await ask(core)).toMatchObject({ code: '91' });
    expect(tasks(core)).toContain('reverse-network');
    expect(core.journal.entries.map(({ kind }) => kind)).not.toContain('stand-in-reserved');
  });

  it.each([
    ['validated', '00'],
    ['accepted', '00'],
    ['unreachable', '00'],
    ['rejected', '91'],
    ['unknown', '91'],
  ] as const)('beside a proof that is %s is answered %s', async (status, code) => {
    const core = coreWith();
    core.pop.outcome =
      status === 'accepted' || status === 'validated'
        ? { status, validation: 'v-1' }
        : { status, reason: 'x' };
    expect(await ask(core)).toMatchObject({ code });
    expect(tasks(core).includes('advise-network')).toBe(code === '00');
  });

  it('a repeat gets the same approval and takes nothing more', async () => {
    const core = coreWith();
    const message = purchase();
    const first = await ask(core, message);
    expect(await ask(core, { ...message, mti: '0101' })).toEqual(first);
    expect(core.journal.entries.filter(({ kind }) => kind === 'stand-in-reserved')).toHaveLength(1);
  });

  it('is answered by the deadline when the journal does not answer, and declined', async () => {
    const core = coreWith();
    const append = core.journal.append.bind(core.journal);
    core.journal.append = (entry, deadline) =>
      entry.kind === 'stand-in-reserved' ? new Promise(() => {}) : append(entry, deadline);
    const from = core.clock.monotonic();
    let tookMs = 0;
    const answered = served(authorise, inbound(core, purchase()), core.ports).finally(() => {
      tookMs = core.clock.monotonic() - from;
    });
    await core.clock.advance(5_000);
    expect(await answered).toMatchObject({ code: '91' });
    expect(tookMs).toBeLessThan(2_000);
    expect(await reasonOf(core)).toBe('no-time');
  });
});

describe('the limits of a day', () => {
  it('bind the card over all that it buys, and are counted anew the next day', async () => {
    const core = coreWith();
    for (let n = 0; n < 3; n += 1) expect(await ask(core)).toMatchObject({ code: '00' });
    expect(await ask(core)).toMatchObject({ code: '91' });
    expect(await reasonOf(core)).toBe('limit-card');
    const other = { de2: Pan.of('4111111111111111') };
    expect(await ask(core, purchase(other))).toMatchObject({ code: '00' });
    await core.clock.advance(86_400_000);
    expect(await ask(core)).toMatchObject({ code: '00' });
  });

  it('bind the merchant over all cards', async () => {
    const core = coreWith({
      merchant: [{ currency: '978', floorMinorUnits: 5_000, count: 9, minorUnits: 5_000 }],
    });
    expect(await ask(core)).toMatchObject({ code: '00' });
    expect(await ask(core, purchase({ de2: Pan.of('4111111111111111') }))).toMatchObject({ code: '00' });
    expect(await ask(core, purchase({ de2: Pan.of('4000000000000036') }))).toMatchObject({ code: '91' });
    expect(await reasonOf(core)).toBe('limit-merchant');
  });

  it('hold when many ask at once', async () => {
    const core = coreWith();
    const answers = Promise.all(
      Array.from({ length: 20 }, () =>
        served(authorise, inbound(core, purchase({ de4: '000000001000' })), core.ports),
      ),
    );
    await core.clock.advance(10_000);
    const approved = (await answers).filter((reply) => reply?.code === '00');
    expect(approved).toHaveLength(3);
  });
});

describe('what is not stood in for', () => {
  it.each([
    ['above the floor limit', {}, { de4: '000000005001' }, '91', 'above-floor'],
    ['another currency', {}, { de49: '840' }, '91', 'not-offered'],
    ['cash', {}, { mti: '0200', de3: '010000' }, '91', 'not-offered'],
    [
      'an issuer that agreed to nothing',
      { issuer: { ...ISSUER, from: '5', to: '5' } },
      {},
      '91',
      'issuer-unknown',
    ],
    [
      'a card on the negative list',
      { negativeList: [Buffer.from('    4242').toString('hex')] },
      {},
      '05',
      'listed',
    ],
    ['a chip that declined', {}, { de55: Bytes.of(Buffer.from('9f270100', 'hex')) }, '05', 'chip-declined'],
    ['a PIN without a key for it', {}, { de52: PinBlock.of(Buffer.alloc(8, 1)) }, '91', 'pin-unverifiable'],
    [
      'a PIN without a value to compare it with',
      { issuer: WITH_PIN },
      { de52: PinBlock.of(Buffer.alloc(8, 1)) },
      '91',
      'pin-unverifiable',
    ],
    [
      'a keyed-in card whose CVV must be verified',
      { issuer: { ...ISSUER, cvv: { key: 'CVK/VISA', valueAt: 5 } } },
      {},
      '91',
      'card-unverifiable',
    ],
  ] as [string, Offer, Partial<TerminalMessage>, string, string][])(
    '%s',
    async (_, offer, overrides, code, reason) => {
      const core = coreWith(offer);
      expect(await ask(core, purchase(overrides))).toMatchObject({ code });
      const isAsked = reason !== 'not-offered' || overrides.de49 !== undefined || overrides.de3 !== undefined;
      expect(isAsked && (await reasonOf(core))).toBe(reason);
      expect(tasks(core)).not.toContain('advise-network');
    },
  );

  it('an online cryptogram is no refusal', async () => {
    const core = coreWith();
    const message = purchase({ de55: Bytes.of(Buffer.from('9f270180', 'hex')) });
    expect(await ask(core, message)).toMatchObject({ code: '00' });
  });

  it('a merchant without the policy', async () => {
    const core = createTestCore();
    core.network = { outcome: { status: 'unreachable', reason: 'link is down' }, afterMs: 0 };
    expect(await ask(core)).toMatchObject({ code: '91' });
    expect((await last(core)).decided?.network).toEqual({ status: 'unreachable', reason: 'link is down' });
  });
});

describe('a card that the HSM verifies', () => {
  const withPin = { de35: Track2.of(TRACK), de52: PinBlock.of(Buffer.alloc(8, 1)) };

  it('with the right PIN is stood in for; with a wrong one the terminal hears 55', async () => {
    const core = coreWith({ issuer: WITH_PIN });
    expect(await ask(core, purchase(withPin))).toMatchObject({ code: '00' });
    core.hsm.pin = false;
    expect(await ask(core, purchase(withPin))).toMatchObject({ code: '55' });
  });

  it('has so many PINs a day, and no oracle beyond: the right one is refused as well', async () => {
    const core = coreWith({
      issuer: { ...WITH_PIN, perCardDay: [{ currency: '978', count: 99, minorUnits: 9e6 }] },
    });
    core.hsm.pin = false;
    for (let n = 0; n < 3; n += 1) expect(await ask(core, purchase(withPin))).toMatchObject({ code: '55' });
    core.hsm.pin = true;
    expect(await ask(core, purchase(withPin))).toMatchObject({ code: '75' });
  });

  it('with a wrong CVV is refused', async () => {
    const core = coreWith({ issuer: { ...ISSUER, cvv: { key: 'CVK/VISA', valueAt: 5 } } });
    const message = { de35: Track2.of(TRACK) };
    expect(await ask(core, purchase(message))).toMatchObject({ code: '00' });
    core.hsm.cardValue = false;
    expect(await ask(core, purchase(message))).toMatchObject({ code: '05' });
    expect(await reasonOf(core)).toBe('card-wrong');
  });

  it('is not stood in for while the HSM fails', async () => {
    const core = coreWith({ issuer: { ...ISSUER, cvv: { key: 'CVK/VISA', valueAt: 5 } } });
    const hsm = { ...core.ports.hsm, verifyCvv: () => Promise.reject(new HsmError('HSM_TIMEOUT')) };
    const verifyCvv = hsm.verifyCvv;
    Object.assign(core.ports.hsm, { verifyCvv });
    expect(await ask(core, purchase({ de35: Track2.of(TRACK) }))).toMatchObject({ code: '91' });
    expect(await reasonOf(core)).toBe('no-hsm');
  });

  it('leaves neither track nor PIN block in the journal', async () => {
    const core = coreWith({ issuer: WITH_PIN });
    await ask(core, purchase(withPin));
    const written = JSON.stringify(core.journal.entries);
    expect(written).not.toContain('4242424242424242');
    expect(written).not.toContain('0101010101010101');
    expect(written).not.toContain(TRACK.slice(-8));
  });
});

describe('the rules', () => {
  const facts: fc.Arbitrary<StandInFacts> = fc.record({
    kind: fc.constantFrom('purchase', 'cash', 'refund', 'pre-authorisation'),
    minorUnits: fc.integer({ min: 0, max: 10_000 }),
    currency: fc.constantFrom('978', '840'),
    merchant: fc.constantFrom(undefined, MERCHANT),
    issuer: fc.constantFrom(undefined, ISSUER, WITH_PIN, { ...ISSUER, withoutExpiry: 'refuse' as const }),
    isListed: fc.boolean(),
    isDeclined: fc.boolean(),
    chip: fc.constantFrom('no-chip', 'online', 'declined', 'unreadable'),
    hasPin: fc.boolean(),
    processingCode: fc.constantFrom('000000', '110000'),
    merchantCategory: fc.constantFrom('5411', '6051', '6011'),
    asksForCash: fc.boolean(),
    posEntryMode: fc.constantFrom('051', '000', '011', '812'),
    hasCardData: fc.boolean(),
    posConditionCode: fc.constantFrom('00', '08'),
    expiries: fc.constantFrom([], ['2611'], ['2611', '2610']),
    month: fc.constant('2611'),
    serviceCode: fc.constantFrom(undefined, '201', '221'),
  });

  it('let through only what every one of them allows', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const ruled = ruleOut(given);
        const allowed =
          given.kind === 'purchase' &&
          given.currency === '978' &&
          given.merchant !== undefined &&
          given.issuer !== undefined &&
          !given.isListed &&
          !given.isDeclined &&
          (given.chip === 'no-chip' || given.chip === 'online') &&
          given.processingCode === '000000' &&
          given.merchantCategory === '5411' &&
          !given.asksForCash &&
          (given.posEntryMode === '051' || (given.posEntryMode === '000' && given.hasCardData)) &&
          given.posConditionCode === '00' &&
          given.serviceCode !== '221' &&
          !given.expiries.includes('2610') &&
          (given.expiries.length > 0 || given.issuer.withoutExpiry === 'accept') &&
          given.minorUnits <= 5_000 &&
          (!given.hasPin || given.issuer.pin !== undefined);
        expect('limits' in ruled).toBe(allowed);
        if ('refused' in ruled) expect(STAND_IN_REFUSALS[ruled.refused].code).not.toBe('00');
      }),
    );
  });

  it('never let a sum pass its limit', () => {
    const used = fc.record({ count: fc.nat(20), minorUnits: fc.nat(10_000) });
    fc.assert(
      fc.property(used, used, fc.nat(5_000), (before, limit, minorUnits) => {
        const after = afterTaking(before, limit, minorUnits);
        if (!after) return;
        expect(after).toEqual({ count: before.count + 1, minorUnits: before.minorUnits + minorUnits });
        expect(after.count).toBeLessThanOrEqual(limit.count);
        expect(after.minorUnits).toBeLessThanOrEqual(limit.minorUnits);
      }),
    );
  });

  it('take the longest range of an issuer', () => {
    const narrow = { ...ISSUER, from: '424242', to: '424242' };
    expect(issuerOf([ISSUER, narrow], '42424242')).toBe(narrow);
    expect(issuerOf([ISSUER, narrow], '41111111')).toBe(ISSUER);
    expect(issuerOf([ISSUER, narrow], '55555555')).toBe(undefined);
  });
});
