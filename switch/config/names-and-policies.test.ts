import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { developmentSettings } from './development.ts';
import { createDirectory } from './directory.ts';
import { SettingsError, validateSettings } from './read-settings.ts';
import type { Settings, TerminalSettings } from './settings.ts';

const settings = developmentSettings({
  databaseUrl: 'postgres://unused',
  hsmSocketPath: '/unused',
  visa: { host: '127.0.0.1', port: 9583 },
  popUrl: 'http://127.0.0.1:1',
});
const [terminal] = settings.terminals as [TerminalSettings];
const [merchant] = settings.merchants as [Settings['merchants'][number]];
const [listener] = settings.listeners as [Settings['listeners'][number]];
const [network] = settings.networks as [Settings['networks'][number]];

const problemsOf = (change: Partial<Settings>): string => {
  try {
    validateSettings({ ...settings, ...change }, 'settings', { production: false });
    return '';
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
};

const SECOND = { ...merchant, id: 'MERCHANT0000002' };

describe('what is named twice stops the start', () => {
  it.each([
    ['a listener', { listeners: [listener, { ...listener, port: 9_999 }] }, '/listeners/1/name'],
    ['a network', { networks: [network, network] }, '/networks/1/name'],
    ['a merchant', { merchants: [merchant, merchant] }, '/merchants/1/id'],
    [
      'a merchant, but for its padding',
      { merchants: [merchant, { ...merchant, id: 'SHOP' }, { ...merchant, id: 'SHOP ' }] },
      '/merchants/2/id',
    ],
    ['a terminal of one merchant', { terminals: [terminal, terminal] }, '/terminals/1/id'],
  ] satisfies [string, Partial<Settings>, string][])('%s', (_, change, path) => {
    expect(problemsOf(change)).toContain(path);
    expect(problemsOf(change)).toContain('named twice');
  });

  it('but two merchants may have terminals of one name', () => {
    const terminals = [terminal, { ...terminal, merchant: SECOND.id }];
    expect(problemsOf({ merchants: [merchant, SECOND], terminals })).toBe('');
  });
});

it('of two terminals of one name each merchant has its own, with keys of its own', () => {
  const other = { ...terminal, merchant: SECOND.id, macKey: 'TAK/OTHER' };
  const directory = createDirectory({
    ...settings,
    merchants: [merchant, SECOND],
    terminals: [terminal, other],
  });
  expect(directory.terminal(terminal.id, merchant.id)).toBe(terminal);
  expect(directory.terminal(terminal.id, `${SECOND.id}  `)).toMatchObject({
    macKey: 'TAK/OTHER',
    keyName: 'TERM0001/MERCHANT0000002',
  });
  expect(directory.terminal(terminal.id)).toBeUndefined();
  expect(directory.terminal(terminal.id, 'NOBODY')).toBeUndefined();
});

describe('policies of elements', () => {
  it.each([
    ['an amount that is dropped', { '4': 'drop' }, 'decides about money or identity'],
    ['a DE90 that passes', { '90': 'pass' }, 'decides about money or identity'],
    ['digits that pass', { '26': 'pass' }, 'no text'],
    ['an element that the dialect has not', { '65': 'drop' }, 'an element of the dialect'],
    ['a policy that is none', { '43': 'ignore' }, '/listeners/0/elements'],
  ])('refuse %s', (_, elements, why) => {
    const listeners = [{ ...listener, elements }] as Settings['listeners'];
    expect(problemsOf({ listeners })).toContain(why);
  });

  it('are held against the dialect of a network too', () => {
    expect(problemsOf({ networks: [{ ...network, elements: { '39': 'drop' } }] })).toContain(
      '/networks/0/elements/39',
    );
    expect(problemsOf({ networks: [{ ...network, elements: { '44': 'replace', '62': 'refuse' } }] })).toBe(
      '',
    );
  });
});

describe('the address of the consensus', () => {
  const tls = { caFile: '/ca.crt' };
  it.each([
    ['no address', { url: 'http://' }, 'no address'],
    ['certificates without TLS', { url: 'http://127.0.0.1:1', tls }, '"https:"'],
    [
      'half an identity',
      { url: 'https://pop.example', tls: { ...tls, certFile: '/c.crt' } },
      'belong together',
    ],
  ])('may not be %s', (_, change, why) => {
    expect(problemsOf({ pop: { ...settings.pop, ...change } })).toContain(why);
  });
});

describe('the framing of a listener', () => {
  const framings = ['length-2-bcd-tpdu', 'length-2-bcd', 'length-4-ascii-etx', 'length-4'] as const;

  it.each(framings)('%s is a setting', (framing) =>
    expect(problemsOf({ listeners: [{ ...listener, framing }] })).toBe(''),
  );

  it('is none that has no length, or that polls', () => {
    for (const framing of ['tpdu', 'visa', 'custom']) {
      const listeners = [{ ...listener, framing }] as unknown as Settings['listeners'];
      expect(problemsOf({ listeners })).toContain('/listeners/0/framing');
    }
  });
});

describe('the specification of a listener', () => {
  const folder = mkdtempSync(join(tmpdir(), 'packager-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const problems = (text: string | undefined, format: 'jpos' | 'moov' = 'jpos') => {
    const file = join(folder, text === undefined ? 'nowhere.xml' : 'theirs.xml');
    if (text !== undefined) writeFileSync(file, text);
    return problemsOf({ listeners: [{ ...listener, packager: { format, file } }] });
  };
  const packager = (field: string) =>
    `<isopackager><isofield id="0" length="4" class="IFA_NUMERIC"/><isofield id="1" length="16" class="IFA_BITMAP"/>${field}</isopackager>`;

  it('stands where it imports and can hold our elements', () =>
    expect(problems(packager('<isofield id="4" length="12" class="IFA_NUMERIC"/>'))).toBe(''));

  it.each([
    ['an element of another length', packager('<isofield id="4" length="10" class="IFA_NUMERIC"/>'), 'DE4'],
    [
      'a class that we know nothing of',
      packager('<isofield id="4" length="12" class="Mine"/>'),
      'ISO_IMPORT',
    ],
    ['text in BCD', packager('<isofield id="43" length="40" class="IFB_NUMERIC"/>'), 'DE43'],
    ['no file', undefined, 'ENOENT'],
  ])('%s stops the start', (_, text, problem) => {
    expect(problems(text)).toContain('/listeners/0/packager');
    expect(problems(text)).toContain(problem);
  });

  it('is read as the format that it is said to have', () =>
    expect(problems(packager(''), 'moov')).toContain('expected JSON'));
});
