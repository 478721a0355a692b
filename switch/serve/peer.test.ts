import { pino } from 'pino';
import { expect, it } from 'vitest';
import { compile, framing, iso87Ascii, Pan } from '../../messages/index.ts';
import type { Connection } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { Arrivals } from '../admission/arrivals.ts';
import type { Admitting, Verdict } from '../admission/gate.ts';
import { PeerLog } from '../admission/peer-log.ts';
import { Refusals } from '../admission/refusals.ts';
import { SentBefore } from '../admission/sent-before.ts';
import { Strangers } from '../admission/strangers.ts';
import { Tally } from '../admission/tally.ts';
import type { ListenerSettings } from '../config/settings.ts';
import { DEFAULT_STRANGERS } from '../config/strangers.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { Peer } from './peer.ts';
import type { Request } from './service.ts';

const codec = compile(iso87Ascii);
const wire = framing('length-2');
const PURCHASE: TerminalMessage = {
  mti: '0200',
  de2: Pan.of('4242424242424242'),
  de3: '000000',
  de4: '000000002500',
  de7: '1123120000',
  de11: '000001',
  de12: '120000',
  de13: '1123',
  de41: 'TERM0001',
  de42: 'MERCHANT0000001',
  de49: '978',
};

const LISTENER: ListenerSettings = {
  name: 'test',
  host: 'localhost',
  port: 0,
  dialect: 'iso87-ascii',
  framing: 'length-2',
  mac: 'required',
  acquirer: '1',
  maxFrameBytes: 4_096,
  maxConnections: 9,
  maxInFlightPerConnection: 4,
  idleTimeoutMs: 600_000,
};

function connectionThat(
  state: { isDestroyed: boolean; isPaused: boolean },
  write: (bytes: Uint8Array) => boolean,
): Connection {
  return {
    peer: '192.0.2.1:4711',
    write,
    end() {},
    destroy: () => {
      state.isDestroyed = true;
    },
    pause: () => {
      state.isPaused = true;
    },
    resume: () => {
      state.isPaused = false;
    },
  };
}

function setUp(
  verdict: Verdict,
  more: Partial<ListenerSettings> = {},
  asked?: (asking: Parameters<Admitting['ask']>[0]) => void,
  awayMs = 0,
) {
  const clock = new VirtualClock();
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) });
  const settings: ListenerSettings = { ...LISTENER, ...more };
  const answers: ((packed: Buffer | undefined) => void)[] = [];
  const lanes: string[] = [];
  const done: string[] = [];
  const leaving: (() => void)[] = [];
  const mayRefuses: (() => boolean)[] = [];
  const loop = { awayMs };
  const gate: Admitting = {
    ask(asking) {
      const { lane, settle } = asking;
      lanes.push(lane);
      if (asked) asked(asking);
      else settle(lanes.length > 1 && lane === 'repeats' ? 'leave' : verdict);
    },
    done: (lane) => done.push(lane),
    heardAt: (now) => now - loop.awayMs,
    mayReply: (receivedAt) => clock.monotonic() < receivedAt + 2_000,
  };
  const peerLog = new PeerLog('test', clock, log);
  const written: Buffer[] = [];
  const state = { isDestroyed: false, isPaused: false };
  const connection = connectionThat(state, (bytes) => written.push(Buffer.from(bytes)) > 0);
  const answer = () => new Promise<Buffer | undefined>((resolve) => answers.push(resolve));
  const service = {
    answer: ({ leavePlace = () => {}, mayRefuse = () => true }: Request) => {
      leaving.push(leavePlace);
      mayRefuses.push(mayRefuse);
      return answer();
    },
    answerGarbled: answer,
  };
  const kept = { sentBefore: new SentBefore(clock), refusals: new Refusals(clock), peerLog };
  const strangers = new Strangers(clock);
  const crossing = { strangers, strangerSettings: DEFAULT_STRANGERS, terminals: new Tally() };
  const arrivals = new Arrivals(gate);
  const shared = {
    arrivals,
    settings,
    codec,
    framing: wire,
    service,
    gate,
    ...kept,
    ...crossing,
    clock,
    log,
  };
  const peer = new Peer(connection, shared, { proved() {}, left() {} });
  const hear = (message: TerminalMessage) => peer.onData(wire.encode(codec.pack(message)));
  const replies = () => {
    const bodies: TerminalMessage[] = [];
    wire
      .reader({ maxFrameBytes: 4_096 })
      .push(Buffer.concat(written), (body) => bodies.push(codec.parse(body)));
    return bodies;
  };
  return { clock, lines, answers, lanes, done, leaving, mayRefuses, peer, hear, replies, state, loop };
}

it('a refusal for load is DE39 96, has no MAC and costs no work', async () => {
  const { clock, hear, replies, answers } = setUp('refuse');
  hear(PURCHASE);
  await clock.advance(20);
  expect(replies()).toMatchObject([{ mti: '0210', de39: '96', de11: '000001' }]);
  expect(replies()[0]?.de64).toBeUndefined();
  expect(answers).toHaveLength(0);
});

it('refusals leave together, twenty milliseconds after the first at the latest', async () => {
  const { clock, hear, replies } = setUp('refuse');
  hear(PURCHASE);
  await clock.advance(19);
  hear({ ...PURCHASE, de11: '000002' });
  expect(replies()).toEqual([]);
  await clock.advance(1);
  expect(replies().map(({ de11 }) => de11)).toEqual(['000001', '000002']);
});

it('payments beyond the share of a connection are refused at once, and it is read on', async () => {
  const { clock, answers, hear, replies, state } = setUp('serve');
  for (let stan = 1; stan <= 6; stan += 1) hear({ ...PURCHASE, de11: `00000${stan}` });
  await clock.advance(25);
  expect(answers).toHaveLength(4);
  expect(replies()).toMatchObject([
    { de11: '000005', de39: '96' },
    { de11: '000006', de39: '96' },
  ]);
  expect(state.isPaused).toBe(false);
});

it('what must be served is not refused: beyond its share it stays in the socket', async () => {
  const { clock, answers, hear, replies, state } = setUp('serve');
  const reversal = (stan: number): TerminalMessage => ({ ...PURCHASE, mti: '0400', de11: `00000${stan}` });
  for (let stan = 1; stan <= 4; stan += 1) hear(reversal(stan));
  expect(state.isPaused).toBe(true);
  answers[0]?.(undefined);
  await clock.advance(25);
  expect(state.isPaused).toBe(false);
  expect(replies()).toEqual([]);
});

it('who waits for others gives its place to the next, once', async () => {
  const { clock, hear, answers, done, leaving } = setUp('serve');
  hear({ ...PURCHASE, mti: '0500', de3: '920000' });
  expect(done).toEqual([]);
  leaving[0]?.();
  expect(done).toEqual(['must-serve']);
  answers[0]?.(undefined);
  await clock.advance(10);
  expect(done).toEqual(['must-serve']);
});

it('a listener may be told to be silent instead', async () => {
  const { clock, hear, replies } = setUp('refuse', { whenOverloaded: 'silence' });
  hear(PURCHASE);
  await clock.advance(1_000);
  expect(replies()).toEqual([]);
});

it('the same request again counts as a repeat', () => {
  const served = setUp('serve');
  served.hear(PURCHASE);
  served.hear(PURCHASE);
  expect(served.lanes).toEqual(['opens-legs', 'repeats']);
  expect(served.replies()).toEqual([]);
});

it('what was refused stays refused for a moment where the line brings a copy, and is served where it says that it repeats', async () => {
  let isFull = true;
  const { clock, hear, replies, lanes, answers } = setUp('serve', {}, ({ lane, settle }) => {
    lanes.push(lane);
    settle(isFull ? 'refuse' : 'serve');
  });
  hear(PURCHASE);
  await clock.advance(100);
  isFull = false;
  hear(PURCHASE);
  await clock.advance(100);
  expect(replies()).toMatchObject([{ de39: '96' }, { de39: '96' }]);
  expect(answers).toHaveLength(0);
  hear({ ...PURCHASE, mti: '0201' });
  expect(answers).toHaveLength(1);
  await clock.advance(10_000);
});

it('ten seconds later it is a request like any other', async () => {
  let isFull = true;
  const { clock, hear, answers } = setUp('serve', {}, ({ settle }) => settle(isFull ? 'refuse' : 'serve'));
  hear(PURCHASE);
  isFull = false;
  await clock.advance(10_000);
  hear(PURCHASE);
  expect(answers).toHaveLength(1);
});

it('who serves a first request may not say that he cannot once a copy of it is at work', () => {
  const { hear, mayRefuses } = setUp('serve', {}, ({ settle }) => settle('serve'));
  hear(PURCHASE);
  hear({ ...PURCHASE, de11: '000002' });
  hear(PURCHASE);
  expect(mayRefuses[0]?.()).toBe(false);
  expect(mayRefuses[1]?.()).toBe(true);
});

it('a first request that waits is not refused once a copy of it was let in: its terminal would take that for the answer', async () => {
  const verdicts: ((verdict: Verdict) => void)[] = [];
  const { clock, hear, replies } = setUp('serve', {}, ({ settle }) => verdicts.push(settle));
  hear(PURCHASE);
  hear(PURCHASE);
  verdicts[1]?.('serve');
  verdicts[0]?.('refuse');
  await clock.advance(100);
  expect(replies()).toEqual([]);
});

it.each([
  [1_999, 1],
  [2_000, 0],
])('a reply that is ready after %i ms: %i leave', async (ms, count) => {
  const { clock, hear, answers, replies, lines } = setUp('serve');
  hear(PURCHASE);
  await clock.advance(ms);
  answers[0]?.(codec.pack({ ...PURCHASE, mti: '0210', de39: '00' }));
  await clock.advance(0);
  expect(replies()).toHaveLength(count);
  expect(lines.some(({ event }) => event === 'listener.reply-late')).toBe(count === 0);
});

it('a frame that does not become whole in time closes the connection', async () => {
  const { clock, peer, state, lines } = setUp('serve', { frameTimeoutMs: 500 });
  peer.onData(Buffer.from('00', 'hex'));
  await clock.advance(499);
  expect(state.isDestroyed).toBe(false);
  await clock.advance(1);
  expect(state.isDestroyed).toBe(true);
  expect(lines).toMatchObject([{ event: 'listener.frame-timeout', peer: '192.0.2.1' }]);
});

it('a frame that becomes whole in time costs nothing', async () => {
  const { clock, peer, state } = setUp('serve', { frameTimeoutMs: 500 });
  const bytes = wire.encode(codec.pack(PURCHASE));
  peer.onData(bytes.subarray(0, 9));
  await clock.advance(400);
  peer.onData(bytes.subarray(9));
  await clock.advance(5_000);
  expect(state.isDestroyed).toBe(false);
});

it('each frame has its own time, where one ends and the next begins in the same bytes', async () => {
  const { clock, peer, state } = setUp('serve', { frameTimeoutMs: 500 });
  const frame = wire.encode(codec.pack(PURCHASE));
  peer.onData(frame.subarray(0, 10));
  for (let count = 0; count < 6; count += 1) {
    await clock.advance(400);
    peer.onData(Buffer.concat([frame.subarray(10), frame.subarray(0, 10)]));
  }
  expect(state.isDestroyed).toBe(false);
  await clock.advance(600);
  expect(state.isDestroyed).toBe(true);
});

it('a flood of refusals is two lines in ten seconds', async () => {
  const { clock, hear, lines } = setUp('refuse');
  for (let stan = 1; stan <= 500; stan += 1) hear({ ...PURCHASE, de11: String(stan).padStart(6, '0') });
  await clock.advance(10_000);
  expect(lines).toMatchObject([
    { event: 'listener.shed', peer: '192.0.2.1', code: 'SW_OVERLOADED', lane: 'opens-legs' },
    { event: 'listener.shed', peer: '192.0.2.1', more: 499 },
  ]);
});

it('bytes that are no message cost one line without a stack trace', () => {
  const { peer, state, lines } = setUp('serve');
  peer.onData(wire.encode(Buffer.from('XYZ!garbage')));
  expect(state.isDestroyed).toBe(true);
  expect(lines).toMatchObject([{ event: 'listener.unreadable', code: 'ISO_MTI' }]);
  expect(JSON.stringify(lines)).not.toMatch(/stack|\.ts:/);
});

it('what stands behind bytes that are no message is not served', () => {
  const { peer, answers } = setUp('serve');
  const unreadable = wire.encode(Buffer.from('rubbish'));
  peer.onData(Buffer.concat([unreadable, wire.encode(codec.pack(PURCHASE))]));
  expect(answers).toEqual([]);
});

it('what comes with a connection that was taken late is as old as that, and what comes later is not', async () => {
  const ages: number[] = [];
  const { clock, hear, loop } = setUp('serve', {}, (asking) =>
    ages.push(clock.monotonic() - asking.receivedAt),
  );
  const late = setUp('serve', {}, (asking) => ages.push(late.clock.monotonic() - asking.receivedAt), 1_700);
  late.loop.awayMs = 0;
  await late.clock.advance(5);
  late.hear(PURCHASE);
  late.hear({ ...PURCHASE, de11: '000002' });
  expect(ages.splice(0)).toEqual([1_705, 0]);

  loop.awayMs = 0;
  await clock.advance(5);
  hear(PURCHASE);
  expect(ages.splice(0)).toEqual([0]);
});

it('what is read by a loop that was away since the connection was taken is as old as the connection', async () => {
  const ages: number[] = [];
  const late = setUp('serve', {}, (asking) => ages.push(late.clock.monotonic() - asking.receivedAt), 1_000);
  await late.clock.advance(800);
  late.loop.awayMs = 790;
  late.hear(PURCHASE);
  await late.clock.advance(800);
  late.loop.awayMs = 30;
  late.hear({ ...PURCHASE, de11: '000002' });
  expect(ages).toEqual([1_800, 30]);
});
