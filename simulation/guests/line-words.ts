import type { NetworkMessage } from '../peers/host-messages.ts';
import type { NetworkHost } from '../peers/network-host.ts';
import type { World } from '../world/world.ts';

const MOST = 8;
const LAST_MS = 34_000;
const FIRST_STAN = 950_000;
/** Echo, sign-on and sign-off of either profile, a key that is not there or is none, and what no table has. */
const WORDS: readonly { readonly code?: string; readonly key?: string; readonly mti?: string }[] = [
  { code: '301' },
  { code: '270' },
  { code: '061' },
  { code: '071' },
  { code: '082' },
  { code: '999' },
  {},
  { key: 'no key at all' },
  { key: `ABCDEF${'D0112P0TB00N0000'.padEnd(112, '0')}` },
  { mti: '0820' },
  { mti: '0600' },
];

/** A network says something of its own over its session: answered or left alone, nobody is the worse for it. */
export function sayOnLines(world: World, hosts: readonly NetworkHost<NetworkMessage>[]): void {
  for (const host of hosts) {
    const random = world.random.stream(`words of ${host.name}`);
    const count = random.integer(MOST + 1);
    for (let index = 0; index < count; index += 1) {
      const word = WORDS[random.integer(WORDS.length)] ?? {};
      world.scheduler.after(random.between(500, LAST_MS), 'word', () => {
        host.says(String(FIRST_STAN + index), word);
      });
    }
  }
}
