import { expect, it, onTestFinished } from 'vitest';
import { VirtualNetwork } from '../../connectors/link/testing/virtual-network.ts';
import { mastercardDialect } from '../../connectors/mastercard/mastercard-connector.ts';
import { silentLog, systemRandom } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { NetworkSettings } from '../config/settings.ts';
import { connectNetworks } from './connect-networks.ts';

// What the settings of a network come to: the profile that is spoken, and the rules in whose words.

const settings: NetworkSettings = {
  name: 'processor',
  host: 'network',
  port: 1,
  zonePinKey: 'ZPK',
  profile: 'mastercard',
  institution: '400001',
};

function connected(own: NetworkSettings) {
  const clock = new VirtualClock();
  const sockets = new VirtualNetwork(mastercardDialect({ institution: '400001' }), clock);
  const parts = { sockets, clock, random: systemRandom, log: silentLog, onLateAnswer() {} };
  const connector = connectNetworks([own], parts).get('processor');
  onTestFinished(async () => {
    const closed = connector?.close();
    await clock.advance(1_000);
    await closed;
  });
  return { clock, connector };
}

it('a network of Mastercard’s profile is signed on, with its codes and rules', async () => {
  const { clock, connector } = connected(settings);
  await clock.advance(1_000);
  expect(connector?.state()).toBe('signed-on');
  expect(connector?.answers?.authorisation['11']).toBeUndefined();
  expect(connector?.rules.holds?.[0]).toMatchObject({ isExtended: true });
});

it('rows of reversals that the settings name take the place of those that are built in, and no others', () => {
  const held = { amount: 'held', names: 'opening', zeroReplacement: true } as const;
  const { connector } = connected({
    ...settings,
    rules: { partialReversal: false, reversals: { 'partial-reversal': held } },
    answers: { reversal: { '94': 'refused' } },
  });
  expect(connector?.rules).toMatchObject({
    partialReversal: false,
    reversals: { 'partial-reversal': held, approval: { amount: 'approved', zeroReplacement: false } },
  });
  expect(connector?.answers?.reversal['94']).toBe('refused');
});
