import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inventory } from './inventory.ts';
import { expired, testAuthority } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'certs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  const authority = testAuthority();
  const soon = authority.server(undefined, { commonName: 'soon', days: 10 });
  const late = authority.client({ commonName: 'late', days: 100 });
  const gone = authority.client({ commonName: 'gone', ...expired() });
  const write = (name: string, content: string) => writeFileSync(join(folder, name), content);
  write('late-and-soon.pem', late.cert + soon.cert);
  write('gone.CRT', gone.cert);
  write('key-alone.pem', late.key);
  write('spoilt.cer', 'not a certificate');
  write('huge.pem', ' '.repeat(1_048_577));
  write('notes.txt', soon.cert);
  mkdirSync(join(folder, 'folder.pem'));
});

describe('an inventory', () => {
  test('lists every certificate of a folder, the one that expires first at the top', () => {
    const { certificates } = inventory(folder, Date.now());
    expect(certificates.map(({ subject, daysLeft, source }) => ({ subject, daysLeft, source }))).toEqual([
      { subject: 'O=Etika development only, CN=gone', daysLeft: -1, source: join(folder, 'gone.CRT') },
      {
        subject: 'O=Etika development only, CN=soon',
        daysLeft: 9,
        source: join(folder, 'late-and-soon.pem'),
      },
      {
        subject: 'O=Etika development only, CN=late',
        daysLeft: 99,
        source: join(folder, 'late-and-soon.pem'),
      },
    ]);
  });

  test('says what expires within some days, what has expired included', () => {
    const { expiringWithin } = inventory(folder, Date.now());
    const names = (days: number) => expiringWithin(days).map(({ subject }) => subject.split('CN=')[1]);
    expect([names(0), names(9), names(10), names(365)]).toEqual([
      ['gone'],
      ['gone'],
      ['gone', 'soon'],
      ['gone', 'soon', 'late'],
    ]);
  });

  test('names files that cannot be read as certificates, and is no less complete for them', () => {
    const { unreadable } = inventory(folder, Date.now());
    expect(unreadable.map(({ code, detail }) => [code, detail.split(':')[0]])).toEqual([
      ['CERT_TOO_LARGE', join(folder, 'huge.pem')],
      ['CERT_NONE_FOUND', join(folder, 'spoilt.cer')],
    ]);
  });

  test('of a folder that is not there is refused', () => {
    expect(() => inventory(join(folder, 'absent'), Date.now())).toThrow(/CERT_UNREADABLE.*absent: ENOENT/);
  });
});
