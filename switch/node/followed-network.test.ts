import { expect, test } from 'vitest';
import type { NetworkConnector, NetworkLinkState } from '../../connectors/index.ts';
import { silentLog } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { NetworkSettings } from '../config/settings.ts';
import { followedNetworks } from './followed-network.ts';

// Which link is asked while the data of a network change, and when the one before is let go.

const settings: NetworkSettings = {
  name: 'visa',
  host: 'network',
  port: 1,
  zonePinKey: 'ZPK',
  profile: 'mastercard',
  institution: '400001',
};
const newData: NetworkSettings = { ...settings, port: 2 };

/** A link whose state the test says; it notes with how much patience it was closed. */
class Link {
  state: NetworkLinkState = 'connected';
  readonly closedWith: number[] = [];
  readonly connector: NetworkConnector;

  constructor(name: string) {
    const own: Partial<NetworkConnector> = {
      name,
      state: () => this.state,
      close: async (patienceMs = 0) => {
        this.closedWith.push(patienceMs);
      },
    };
    this.connector = own as NetworkConnector;
  }
}

function followed() {
  const clock = new VirtualClock();
  const links: Link[] = [];
  const open = ({ name }: NetworkSettings) => {
    const link = new Link(name);
    links.push(link);
    return link.connector;
  };
  const networks = followedNetworks([settings], { open, clock, log: silentLog });
  const [before] = links;
  if (before) before.state = 'signed-on';
  networks.follow([newData]);
  const [, next] = links;
  const state = () => networks.connectors.get('visa')?.state();
  return { clock, networks, links, before, next, state };
}

test('new data take over once their link has signed on, and the link before has a minute for its answers', async () => {
  const { clock, before, next, state } = followed();
  await clock.advance(1_000);
  expect(state()).toBe('signed-on');

  if (next) next.state = 'signed-on';
  await clock.advance(59_000);
  expect(before?.closedWith).toEqual([]);

  await clock.advance(2_000);
  expect(before?.closedWith).toEqual([3_000]);
});

test('a network that lets no second link sign on loses the first, which waits for what it has asked', async () => {
  const { clock, before, next, state } = followed();
  await clock.advance(1_400);
  expect(before?.closedWith).toEqual([]);

  await clock.advance(200);
  expect(before?.closedWith).toEqual([3_000]);
  expect(next?.closedWith).toEqual([]);
  expect(state()).toBe('connected');
});

test('data that are overtaken before their link has signed on bear no payment', async () => {
  const { clock, networks, links, before, next, state } = followed();
  await clock.advance(1_000);
  networks.follow([{ ...settings, port: 3 }]);
  await clock.advance(1_000);

  expect(next?.closedWith).toEqual([3_000]);
  expect(before?.closedWith).toEqual([]);
  expect(state()).toBe('signed-on');
  expect(links).toHaveLength(3);
});

test('data whose link has just signed on serve, though newer ones come in that moment', async () => {
  const { networks, links, next } = followed();
  if (next) next.state = 'signed-on';
  networks.follow([{ ...settings, port: 3 }]);
  expect(next?.closedWith).toEqual([]);

  const [before, , newest] = links;
  if (before) before.state = 'down';
  expect(networks.connectors.get('visa')?.state()).toBe('signed-on');
  expect(newest?.state).toBe('connected');
});
