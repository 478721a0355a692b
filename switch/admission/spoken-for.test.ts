import { expect, test } from 'vitest';
import type { ListenerSettings } from '../config/settings.ts';
import { maySpeakFor } from './spoken-for.ts';

const FINGERPRINT = Array.from({ length: 32 }, () => 'AB').join(':');

function asked(subject: string, mac: 'required' | 'none' = 'required') {
  const clients = [
    { certificate: 'shop-1', terminals: ['TERM0001'] },
    { certificate: FINGERPRINT, acquirers: ['654321'] },
  ];
  const listener = { mac, tls: { clients } } as unknown as ListenerSettings;
  const fingerprint = subject === '' ? FINGERPRINT : 'CD';
  return (terminal: string, acquirer: string) =>
    maySpeakFor({ listener, certificate: { subject, fingerprint } }, terminal, acquirer);
}

test('a certificate speaks for its terminals, by its common name', () => {
  expect(asked('O=Shops, CN=shop-1')('TERM0001', '1')).toBe(true);
  expect(asked('O=Shops, CN=shop-1')('TERM0002', '1')).toBe(false);
  expect(asked('O=Shops, CN=shop-2')('TERM0001', '1')).toBe(false);
});

test('a subject that shows two common names is nobody', () => {
  expect(asked('O=x, CN=shop-1, CN=shop-2')('TERM0001', '1')).toBe(false);
});

test('an acquirer is bound by its fingerprint, whatever zeros its number begins with', () => {
  expect(asked('', 'none')('ANY', '00000654321')).toBe(true);
  expect(asked('', 'none')('ANY', '123456')).toBe(false);
});
