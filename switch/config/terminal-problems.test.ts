import { describe, expect, it } from 'vitest';
import { developmentSettings } from './development.ts';
import { SettingsError, validateSettings } from './read-settings.ts';
import type { Settings } from './settings.ts';

const settings = developmentSettings({
  databaseUrl: 'postgres://switch@127.0.0.1/switch',
  hsmSocketPath: '/run/hsm.sock',
  visa: { host: '127.0.0.1', port: 9583 },
  popUrl: 'http://127.0.0.1:3001/api/v1',
});
const [terminal] = settings.terminals;
if (!terminal) throw new Error('the development settings have no terminal');

function problemsOf(change: Partial<Settings>): string {
  try {
    validateSettings({ ...settings, ...change }, 'settings.json', { production: false });
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return '';
}

describe('the record of a terminal', () => {
  const dukpt = { baseKey: 'BDK', serialNumber: 'de62' } as const;
  const { pinKey: _, ...keyless } = terminal;
  const aes = { ...terminal, pinFormat: 4 as const };

  it.each([
    ['a currency', { ...terminal, currency: '978' }],
    ['four bytes of a MAC', { ...terminal, macBytes: 4 as const }],
    ['a base key in place of a PIN key', { ...keyless, dukpt }],
    ['a serial number in DE53', { ...terminal, dukpt: { ...dukpt, serialNumber: 'de53' as const } }],
    ['format 4, its keys being given under AES', { ...aes, keyBlock: 'D' as const }],
  ])('may have %s', (_what, record) => {
    expect(problemsOf({ terminals: [record] })).toBe('');
  });

  it.each([
    ['a currency that there is not', { ...terminal, currency: '000' }, '/terminals/0/currency'],
    ['metals', { ...terminal, currency: '959' }, '/terminals/0/currency'],
    ['two bytes of a MAC', { ...terminal, macBytes: 2 }, '/terminals/0/macBytes'],
    ['no key for its PINs', keyless, '/terminals/0/pinKey'],
    ['format 3', { ...terminal, pinFormat: 3 }, '/terminals/0/pinFormat'],
    ['format 4, its keys being given under triple DES', aes, '/terminals/0/keyBlock'],
    [
      'a serial number in DE60',
      { ...terminal, dukpt: { ...dukpt, serialNumber: 'de60' } },
      '/terminals/0/dukpt/serialNumber',
    ],
    [
      'a serial number behind something in DE53',
      { ...terminal, dukpt: { ...dukpt, serialNumber: 'de53', offset: 2 } },
      '/terminals/0/dukpt/offset',
    ],
    [
      'one of twelve bytes in DE53',
      { ...terminal, dukpt: { ...dukpt, serialNumber: 'de53', bytes: 12 } },
      '/terminals/0/dukpt/bytes',
    ],
  ])('may not have %s', (_what, record, why) => {
    expect(problemsOf({ terminals: [record] } as Partial<Settings>)).toContain(why);
  });

  it('has one of the currencies that the operator takes', () => {
    const terminals = [{ ...terminal, currency: '978' }];
    expect(problemsOf({ terminals, currencies: { '756': 2 } })).toContain('/terminals/0/currency');
  });
});
