import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { framing, framingNames, IsoError } from './index.ts';

const limits = { maxFrameBytes: 4096 };
const tpdu = Buffer.from('6012345678', 'hex');

describe('framing', () => {
  test.each([
    ['length-2', '0003616263'],
    ['length-2-tpdu', '00086000000000616263'],
    ['length-4-ascii', '30303033616263'],
    ['visa', '00030000616263'],
    ['length-2-inclusive', '0005616263'],
    ['length-4', '00000003616263'],
    ['length-4-inclusive', '00000007616263'],
    ['length-2-bcd', '0003616263'],
    ['length-2-bcd-tpdu', '00086000000000616263'],
    ['length-4-ascii-inclusive', '30303037616263'],
    ['length-4-ascii-etx', '3030303461626303'],
    ['tpdu', '6000000000616263'],
  ] as const)('%s encodes', (name, hex) => {
    expect(framing(name).encode(Buffer.from('abc')).toString('hex')).toBe(hex);
  });

  test('a TPDU travels beside the body, and its addresses swap in the reply', () => {
    const link = framing('length-2-tpdu');
    const frames: [Buffer, Buffer | undefined][] = [];
    link
      .reader(limits)
      .push(link.encode(Buffer.from('abc'), tpdu), (body, header) => frames.push([body, header]));
    expect(frames).toEqual([[Buffer.from('abc'), tpdu]]);
    expect(link.replyHeader(tpdu).toString('hex')).toBe('6056781234');
  });

  test('a Visa poll of length zero goes up as an empty body', () => {
    const bodies: Buffer[] = [];
    framing('visa')
      .reader(limits)
      .push(Buffer.alloc(8), (body) => bodies.push(body));
    expect(bodies.map((body) => body.length)).toEqual([0, 0]);
  });

  test('an empty frame elsewhere is a keep-alive and goes nowhere', () => {
    const bodies: Buffer[] = [];
    framing('length-2')
      .reader(limits)
      .push(Buffer.from('00000001ff', 'hex'), (body) => bodies.push(body));
    expect(bodies).toEqual([Buffer.from([0xff])]);
  });

  test.each(['0000', '00056000000000'])('behind a TPDU it is one as well: %s', (keepAlive) => {
    const bodies: Buffer[] = [];
    framing('length-2-tpdu')
      .reader(limits)
      .push(Buffer.from(`${keepAlive}00066000000000ff`, 'hex'), (body) => bodies.push(body));
    expect(bodies).toEqual([Buffer.from([0xff])]);
  });

  test.each([
    ['length-2', 'ffff', 'ISO_FRAME_TOO_LONG'],
    ['length-4-ascii', '39393939', 'ISO_FRAME_TOO_LONG'],
    ['length-4-ascii', '30304130', 'ISO_FRAME_LENGTH'],
    ['length-2-tpdu', '0004', 'ISO_FRAME_LENGTH'],
    ['visa', '00030001', 'ISO_FRAME_LENGTH'],
    ['length-2-inclusive', '0001', 'ISO_FRAME_LENGTH'],
    ['length-2-bcd', '00A0', 'ISO_FRAME_LENGTH'],
    ['length-4-ascii-etx', '3030303261ff', 'ISO_FRAME_LENGTH'],
    ['length-4-ascii-etx', '30303030', 'ISO_FRAME_LENGTH'],
  ] as const)('%s refuses the prefix %s', (name, hex, code) => {
    const push = () =>
      framing(name)
        .reader(limits)
        .push(Buffer.from(hex, 'hex'), () => {});
    expect(push).toThrow(IsoError);
    expect(push).toThrow(code);
  });

  test('a framing can be given as data', () => {
    const custom = framing({ length: 'ascii', lengthBytes: 3, trailer: '0d0a' });
    expect(custom.encode(Buffer.from('abc')).toString('latin1')).toBe('005abc\r\n');
  });

  test('a stream that ends inside a frame is refused', () => {
    const reader = framing('length-2').reader(limits);
    reader.push(Buffer.from('0003ff', 'hex'), () => {});
    expect(() => reader.end(() => {})).toThrow('ISO_TRUNCATED');
  });

  test('a body too long for the prefix is not encoded', () => {
    expect(() => framing('length-4-ascii').encode(Buffer.alloc(10_000))).toThrow('ISO_FRAME_TOO_LONG');
  });

  test('a header of the wrong size is not encoded', () => {
    expect(() => framing('length-2').encode(Buffer.alloc(1), tpdu)).toThrow('ISO_HEADER');
  });

  test.each(framingNames)('%s finds the same frames however the stream is cut', (name) => {
    const link = framing(name);
    const wholeStream = name === 'tpdu';
    const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), {
      maxLength: wholeStream ? 1 : 6,
    });
    const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 64 }));
    fc.assert(
      fc.property(bodies, cuts, (sent, sizes) => {
        const stream = Buffer.concat(sent.map((body) => link.encode(body)));
        const reader = link.reader(limits);
        const received: string[] = [];
        for (let at = 0; at < stream.length; ) {
          const size = sizes.next().value as number;
          reader.push(stream.subarray(at, at + size), (body) => received.push(body.toString('hex')));
          at += size;
        }
        reader.end((body) => received.push(body.toString('hex')));
        expect(received).toEqual(sent.map((body) => Buffer.from(body).toString('hex')));
        expect(reader.pending).toBe(0);
      }),
    );
  });
});
