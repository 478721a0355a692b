import { iso87HostDialect } from '../../simulators/iso87/dialect.ts';
import { visaHostDialect } from '../../simulators/visa/dialect.ts';
import type { GuestNetwork } from '../faults.ts';
import type { HabitOfNetworks } from '../peers/habits/habit.ts';
import { NetworkHost } from '../peers/network-host.ts';
import type { NetworkLedger } from '../peers/network-ledger.ts';
import type { Network } from '../world/network.ts';
import type { SimProcess } from '../world/sim-process.ts';
import type { World } from '../world/world.ts';
import { mastercardHostDialect } from './mastercard-dialect.ts';

/** What others need of a guests' network: its books, and when the switch stops waiting for it. */
export interface GuestHost {
  readonly name: GuestNetwork;
  readonly ledger: NetworkLedger;
  readonly process: SimProcess;
  readonly deadlines: Map<string, number>;
  readonly notAsked: Set<string>;
}

export type GuestHosts = Readonly<Record<GuestNetwork, GuestHost>>;

const LOSSY_SEEDS = 0.5;
const LOST = 0.06;

/** What it has done nobody hears of, now and then: a hold, or what was added to it, of which nobody knows. */
const LOSES_ANSWERS: HabitOfNetworks = {
  name: 'loses-answers',
  network: {
    fares: (fortune, _, random) => (random.chance(LOST) ? { ...fortune, loses: 'answer' } : fortune),
  },
};

/** Networks on which nobody but guests pays. They have no habits but one: what goes wrong goes wrong between us. */
export async function openGuestNetworks(
  world: World,
  network: Network,
  given: ConstructorParameters<typeof NetworkHost>[4],
): Promise<GuestHosts> {
  const isLossy = world.random.stream('guest networks').chance(LOSSY_SEEDS);
  const manners = { ...given, habits: isLossy ? [...given.habits, LOSES_ANSWERS] : given.habits };
  const mastercard = new NetworkHost('mastercard', mastercardHostDialect, 'ZPK/VISA', world, manners);
  const lodging = new NetworkHost('lodging', visaHostDialect, 'ZPK/VISA', world, manners);
  const plain = new NetworkHost('plain', iso87HostDialect, 'ZPK/ISO87', world, manners);
  for (const host of [mastercard, lodging, plain]) await host.listen(network.socketsOf(host.process));
  return { mastercard, lodging, plain } as GuestHosts;
}
