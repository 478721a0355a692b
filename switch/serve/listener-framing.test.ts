import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { exportDialect, framing, importJpos } from '../../messages/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { Arrivals } from '../admission/arrivals.ts';
import { PeerLog } from '../admission/peer-log.ts';
import { Refusals } from '../admission/refusals.ts';
import { SentBefore } from '../admission/sent-before.ts';
import { Strangers } from '../admission/strangers.ts';
import { Tally } from '../admission/tally.ts';
import type { ListenerSettings } from '../config/settings.ts';
import { DEFAULT_STRANGERS } from '../config/strangers.ts';
import { listenerCodec } from './listener-codec.ts';
import { Peer } from './peer.ts';

// Which frames and dialects a listener takes is a setting: whatever the codec knows how to cut out of a stream.

type Spoken = Pick<ListenerSettings, 'dialect' | 'framing' | 'packager'>;

const LISTENER = {
  name: 'test',
  host: 'localhost',
  port: 0,
  mac: 'required',
  acquirer: '1',
  maxFrameBytes: 4_096,
  maxConnections: 9,
  maxInFlightPerConnection: 4,
  idleTimeoutMs: 600_000,
} as const;

/** One connection to a listener that approves whatever it hears; gives what it wrote. */
async function heard(spoken: Spoken, chunks: readonly Buffer[]): Promise<Buffer> {
  const clock = new VirtualClock();
  const log = pino({ level: 'silent' });
  const settings: ListenerSettings = { ...LISTENER, ...spoken };
  const codec = listenerCodec(settings, { clock, log });
  const written: Buffer[] = [];
  const connection = {
    peer: '192.0.2.1:4711',
    write: (bytes: Uint8Array) => written.push(Buffer.from(bytes)) > 0,
    end() {},
    destroy() {},
    pause() {},
    resume() {},
  };
  const service = {
    answer: ({ message }: { message: Parameters<typeof codec.pack>[0] }) =>
      Promise.resolve(codec.pack({ mti: '0810', de11: message.de11, de39: '00' })),
    answerGarbled: () => Promise.resolve(undefined),
  };
  const shared = {
    settings,
    codec,
    framing: framing(settings.framing),
    service,
    gate: {
      ask: ({ settle }: { settle(verdict: 'serve'): void }) => settle('serve'),
      done() {},
      heardAt: (now: number) => now,
      mayReply: () => true,
    },
    arrivals: new Arrivals({ heardAt: (now: number) => now }),
    sentBefore: new SentBefore(clock),
    refusals: new Refusals(clock),
    peerLog: new PeerLog('test', clock, log),
    strangers: new Strangers(clock),
    strangerSettings: DEFAULT_STRANGERS,
    terminals: new Tally(),
    clock,
    log,
  };
  const peer = new Peer(connection, shared, { proved() {}, left() {} });
  for (const chunk of chunks) peer.onData(chunk);
  await clock.advance(100);
  return Buffer.concat(written);
}

const hexOf = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');
const ECHO = '0800 2020000000800000 920000 000019 5445524D30303031';
const ANSWER = '0810 0020000002000000 000019 3030';

describe('a listener with another framing', () => {
  it('takes a BCD length and a TPDU, and answers with the addresses swapped', async () => {
    const request = '003660001000000800203801000080000092000000001908290607020068 3337313030303133';
    const written = await heard({ dialect: 'pos-bcd', framing: 'length-2-bcd-tpdu' }, [hexOf(request)]);
    expect(written.toString('hex')).toBe(hexOf(`0020 60 0000 0010 ${ANSWER}`).toString('hex'));
  });

  const body = hexOf(ECHO);
  const answer = hexOf(ANSWER);
  const n = body.length;
  const ascii = (length: number) => Buffer.from(String(length).padStart(4, '0')).toString('hex');
  const binary = (bytes: number, length: number) => length.toString(16).padStart(bytes * 2, '0');
  const bcd = (length: number) => String(length).padStart(4, '0');

  it.each<[ListenerSettings['framing'], (length: number) => string, string]>([
    ['length-2', (length) => binary(2, length), ''],
    ['length-2-inclusive', (length) => binary(2, length + 2), ''],
    ['length-2-bcd', bcd, ''],
    ['length-4', (length) => binary(4, length), ''],
    ['length-4-inclusive', (length) => binary(4, length + 4), ''],
    ['length-4-ascii', ascii, ''],
    ['length-4-ascii-inclusive', (length) => ascii(length + 4), ''],
    ['length-4-ascii-etx', (length) => ascii(length + 1), '03'],
  ])('%s, in whatever pieces it comes', async (name, prefix, trailer) => {
    const frame = hexOf(`${prefix(n)} ${ECHO} ${trailer}`);
    const bytes = Array.from(frame, (byte) => Buffer.of(byte));
    for (const chunks of [[frame], bytes]) {
      const written = await heard({ dialect: 'pos-bcd', framing: name }, chunks);
      expect(written.toString('hex')).toBe(
        hexOf(`${prefix(answer.length)} ${ANSWER} ${trailer}`).toString('hex'),
      );
    }
  });

  it('takes odd numbers that are filled up on the right, where its dialect is so', async () => {
    const request = '0800 2020010000800000 920000 000019 068F 5445524D30303031';
    const frame = framing('length-2-bcd').encode(hexOf(request));
    const written = await heard({ dialect: 'iso87-bcd', framing: 'length-2-bcd' }, [frame]);
    expect(written).toEqual(framing('length-2-bcd').encode(answer));
  });
});

describe('a listener with a specification of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'listener-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const specification = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const hexBitmap = `<isopackager><isofield id="0" length="4" class="IFA_NUMERIC"/><isofield id="1" length="16" class="IFA_BITMAP"/>
    <isofield id="3" length="6" pad="true" class="IFB_NUMERIC"/><isofield id="11" length="6" class="IFE_NUMERIC"/>
    <isofield id="39" length="2" class="IFE_CHAR"/><isofield id="41" length="8" class="IF_CHAR"/></isopackager>`;
  const jpos = { format: 'jpos', file: specification('theirs.xml', hexBitmap) } as const;
  const text = (value: string) => Buffer.from(value).toString('hex');
  const request = `${text('08002020000000800000')} 920000 F0F0F0F0F1F9 5445524D30303031`;
  const answer = `${text('08100020000002000000')} F0F0F0F0F1F9 F0F0`;

  it('reads and answers as the file says', async () => {
    const frames = framing('length-2-bcd');
    const spoken = { dialect: 'pos-bcd', framing: 'length-2-bcd', packager: jpos } as const;
    const written = await heard(spoken, [frames.encode(hexOf(request))]);
    expect(written.toString('hex')).toBe(frames.encode(hexOf(answer)).toString('hex'));
  });

  it('the same from a dialect in JSON, and from moov', async () => {
    const frames = framing('length-4-ascii');
    const json = exportDialect(importJpos(hexBitmap));
    const fixed = (length: number, enc: string) => ({ type: 'String', length, enc, prefix: 'ASCII.Fixed' });
    const moov = {
      fields: {
        0: fixed(4, 'ASCII'),
        1: { type: 'Bitmap', length: 8, enc: 'HexToASCII', prefix: 'Hex.Fixed' },
        3: { ...fixed(6, 'BCD'), prefix: 'BCD.Fixed' },
        11: fixed(6, 'EBCDIC1047'),
        39: fixed(2, 'EBCDIC1047'),
        41: fixed(8, 'ASCII'),
      },
    };
    for (const packager of [
      { format: 'dialect', file: specification('theirs.json', json) },
      { format: 'moov', file: specification('moov.json', JSON.stringify(moov)) },
    ] as const) {
      const spoken = { dialect: 'iso87-ascii', framing: 'length-4-ascii', packager } as const;
      expect(await heard(spoken, [frames.encode(hexOf(request))])).toEqual(frames.encode(hexOf(answer)));
    }
  });
});
