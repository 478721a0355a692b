import { describe, expect, it } from 'vitest';
import { DEFAULT_LINK_LIMITS } from '../../connectors/link/link-limits.ts';
import { VirtualNetwork } from '../../connectors/link/testing/virtual-network.ts';
import { visaConnector, visaDialect } from '../../connectors/visa/visa-connector.ts';
import { Bytes, Track1, Track2 } from '../../messages/index.ts';
import { silentLog, systemRandom } from '../../runtime/index.ts';
import { developmentSettings } from '../../switch/config/development.ts';
import type { Settings } from '../../switch/config/settings.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import type { TestCore } from '../support/core.ts';
import { Counter, DAY_MS, OTHER_CARD, played, purchase } from './core-cases.ts';

// While a network cannot be reached the switch answers for it, but only what it may: what its issuer alone can approve
// is declined. What is our own fault, or the terminal's, is no reason to stand in at all: the network is up.

function withStandIn(): Partial<Settings> {
  const { merchants } = developmentSettings({
    databaseUrl: 'postgres://unused',
    hsmSocketPath: '/unused',
    visa: { host: '127.0.0.1', port: 0 },
    popUrl: 'http://127.0.0.1:1',
  });
  const standIn = [{ currency: '978', floorMinorUnits: 5_000, count: 5, minorUnits: 20_000 }];
  const perCardDay = [{ currency: '978', count: 3, minorUnits: 9_000 }];
  const issuers = [{ from: '4', to: '4', perCardDay, pinTriesPerCardDay: 3 }];
  return {
    merchants: merchants.map((each) => ({ ...each, standIn })),
    standIn: { issuers, negativeList: [] },
  };
}

const cash = { accountType: '00', amountType: '40', currency: '978', sign: 'D', amount: '000000001000' };

const ISSUERS_ONLY: [what: string, change: Partial<TerminalMessage>][] = [
  ['cash', { de3: '010000' }],
  ['a purchase with cash', { de3: '090000', de54: [cash] }],
  ['a purchase with cash that only DE54 tells of', { de54: [cash] }],
  ['a refund', { de3: '200000' }],
];

const TRACK = '4242424242424242=3012';
const track1 = (expiryAndCode: string) => Track1.of(`B4242424242424242^CARD/TEST^${expiryAndCode}`);
const chip = (hex: string) => Bytes.fromHex(hex);

const DECLINED: typeof ISSUERS_ONLY = [
  ['a purchase with an expired card', { de14: '2001' }],
  ['a purchase whose track says so', { de35: Track2.of('4242424242424242=2610201') }],
  ['a purchase of which nothing says when its card expires', { de14: undefined }],
  ['quasi-cash', { de3: '110000' }],
  ['cash by the category that the terminal says', { de18: '6011' }],
  ['wagers by the category that the terminal says', { de18: '7995' }],
  ['a card that asks for its issuer', { de35: Track2.of(`${TRACK}221`) }],
  ['a card whose first track alone asks for its issuer', { de45: track1('3012221') }],
  ['a card whose first track alone has expired', { de14: undefined, de45: track1('2610201') }],
  [
    'a card of which one track asks for its issuer',
    { de35: Track2.of(`${TRACK}201`), de45: track1('3012221') },
  ],
  ['a chip whose track asks for its issuer', { de55: chip('570c4242424242424242d3012221') }],
  ['a chip that asks for its issuer', { de55: chip('5F30020221') }],
  ['a chip whose track has expired', { de14: undefined, de55: chip('570c4242424242424242d2610201') }],
  ['a chip that has expired', { de14: undefined, de55: chip('5F2403261031') }],
  ['a chip that has expired, whatever the terminal says', { de55: chip('5F2403261031') }],
  ['an order by telephone', { de25: '08' }],
  ['an order over the internet', { de22: '812' }],
  ['a card whose number was keyed in', { de22: '012' }],
];

describe('while the network is unreachable', () => {
  const codes = played(async () => {
    const told: Record<string, string | undefined> = {};
    for (const [what, change] of [...ISSUERS_ONLY, ...DECLINED, ['a purchase', {}] as const]) {
      const counter = new Counter(withStandIn());
      counter.core.network.outcome = { status: 'unreachable', reason: 'the link is down' };
      told[what] = (await counter.heard(purchase({ de14: '3012', ...change }))).code;
    }
    return told;
  });

  it('a purchase within its limits is stood in for', () => {
    expect(codes()['a purchase']).toBe('00');
  });

  it.each(ISSUERS_ONLY)('%s is not', (what) => {
    expect(codes()[what]).not.toBe('00');
  });

  it.each(DECLINED)('%s is not either', (what) => {
    expect(codes()[what]).not.toBe('00');
  });
});

describe('a card that its issuer has declined', () => {
  const AWAY = { status: 'unreachable', reason: 'the link is down' } as const;
  const APPROVED = { status: 'approved', code: '00' } as const;
  let stan = 0;
  const next = (change: Partial<TerminalMessage> = {}) => {
    stan += 1;
    const number = String(stan).padStart(6, '0');
    return purchase({ de11: number, de7: `1123${number}`, de12: number, de14: '3012', ...change });
  };

  /** The issuer answers each of these, and then its network goes away. */
  async function answered(...codes: string[]) {
    const counter = new Counter(withStandIn());
    for (const code of codes) {
      counter.core.network.outcome = code === '00' ? APPROVED : { status: 'refused', code };
      await counter.heard(next());
    }
    counter.core.network.outcome = AWAY;
    return counter;
  }

  it.each(['05', '41', '51', '1A', '65'])('with %s is not approved in its stead afterwards', async (code) => {
    const counter = await answered(code);
    expect((await counter.heard(next())).code).toBe('91');
    expect((await counter.heard(next({ de2: OTHER_CARD }))).code).toBe('00');
  });

  it.each(['91', '96', '55'])('with %s, which says nothing of the card, is', async (code) => {
    expect((await (await answered(code)).heard(next())).code).toBe('00');
  });

  it('is a day later, or once it was approved since', async () => {
    const counter = await answered('05');
    await counter.core.clock.advance(DAY_MS);
    expect((await counter.heard(next())).code).toBe('00');
    expect((await (await answered('51', '00')).heard(next())).code).toBe('00');
  });
});

/** The connector to Visa as in service, on a network that answers everything with 00. */
function visaThatAnswers({ clock, ports }: TestCore, maxInFlight = DEFAULT_LINK_LIMITS.maxInFlight) {
  const stations = { source: '123456', destination: '000000' };
  const sockets = new VirtualNetwork(visaDialect(stations), clock);
  const address = { host: 'network', port: 1 };
  const visa = visaConnector(
    {
      name: 'visa',
      address,
      zonePinKey: 'ZPK/VISA',
      stations,
      limits: { ...DEFAULT_LINK_LIMITS, maxInFlight },
    },
    { sockets, clock, random: systemRandom, log: silentLog, onLateAnswer() {} },
  );
  return { networks: new Map([...ports.networks, ['visa', visa]]) };
}

/** A chip's data of so many bytes, well-formed: one tag, 9F10. */
function chipData(bytes: number): Bytes {
  const value = bytes - 4;
  return Bytes.of(Buffer.concat([Buffer.from([0x9f, 0x10, 0x81, value]), Buffer.alloc(value)]));
}

describe('while the network is up', () => {
  const large = played(async () => {
    const counter = new Counter(withStandIn(), visaThatAnswers);
    await counter.core.clock.advance(1_000);
    const usual = await counter.heard(purchase({ de55: chipData(200) }));
    const numbers = { de11: '000002', de7: '1123120100', de12: '130100' };
    const { code } = await counter.heard(purchase({ ...numbers, de55: chipData(253) }));
    return { usual: usual.code, code, states: counter.payments().map(({ network }) => network) };
  });
  const twins = played(async () => {
    const counter = new Counter(withStandIn(), visaThatAnswers);
    await counter.core.clock.advance(1_000);
    const times = ['1123120000', '1123120001'];
    const both = times.map((de7) =>
      counter.asked(purchase({ de7, de12: de7.slice(4), de37: '000000000001' })),
    );
    await counter.core.clock.advance(10_000);
    await Promise.all(both);
    return counter.payments().map(({ network }) => network);
  });

  const crowd = played(async () => {
    const counter = new Counter(withStandIn(), (core) => visaThatAnswers(core, 2));
    await counter.core.clock.advance(1_000);
    const asked = ['000001', '000002', '000003', '000004'].map((de11) => counter.asked(purchase({ de11 })));
    await counter.core.clock.advance(10_000);
    const codes = (await Promise.all(asked)).map((answer) => answer?.de39);
    return { codes, states: counter.payments().map(({ network }) => network) };
  });

  it('what is too much for its link at once is refused, and not stood in for', () => {
    expect(crowd().codes).toEqual(['00', '00', '96', '96']);
    expect(crowd().states).not.toContain('to-advise');
  });

  it('it is asked', () => {
    expect(large()).toMatchObject({ usual: '00' });
    expect(large().states[0]).toBe('approved');
  });

  it('what its dialect cannot say is refused, and not stood in for', () => {
    expect(large().code).toBe('30');
  });

  it('two payments that its link cannot tell apart are not stood in for', () => {
    expect(twins()).not.toContain('to-advise');
  });
});
