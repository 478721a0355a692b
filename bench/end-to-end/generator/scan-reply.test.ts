import { expect, test } from 'vitest';
import { Pan } from '../../../messages/index.ts';
import { PROFILE } from './frames.ts';
import { type ScannedReply, scanReply } from './scan-reply.ts';
import { NO_CODE } from './traffic.ts';

const reply = { mti: '0110', de3: '000000', de4: '000000002500', de7: '1129221018', de11: '004711' };

function scanned(message: object): ScannedReply & { isRead: boolean } {
  const packed = PROFILE.codec.pack({ ...reply, ...message } as never);
  const into = { stan: 0, code: 0 };
  // In the middle of a larger buffer, as it is read from a socket.
  const bytes = Buffer.concat([Buffer.from('..'), packed, Buffer.from('..')]);
  const isRead = scanReply(bytes, 2, 2 + packed.length, into);
  return { ...into, isRead };
}

test('the scan reads trace number and code as the codec wrote them, whatever stands before them', () => {
  expect(scanned({ de39: '00' })).toEqual({ stan: 4711, code: 0, isRead: true });
  const more = { de2: Pan.of('4242424242424242'), de12: '221018', de32: '123456', de37: '633322004711' };
  expect(scanned({ ...more, de38: '831000', de39: '91', de41: 'TERM0001' })).toEqual({
    stan: 4711,
    code: 91,
    isRead: true,
  });
});

test('a reply without DE39, or with letters in it, has no code; one without DE11 is not read', () => {
  expect(scanned({})).toMatchObject({ code: NO_CODE, isRead: true });
  expect(scanned({ de39: 'N7' })).toMatchObject({ code: NO_CODE });
  expect(scanned({ de11: undefined, de39: '00' })).toMatchObject({ isRead: false });
});
