import { iso87HostDialect } from '../../simulators/iso87/dialect.ts';
import { visaHostDialect } from '../../simulators/visa/dialect.ts';
import type { GuestNetwork } from '../faults.ts';
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

/** Networks on which nobody but guests pays. They have no habits: what goes wrong there goes wrong between us. */
export async function openGuestNetworks(
  world: World,
  network: Network,
  manners: ConstructorParameters<typeof NetworkHost>[4],
): Promise<GuestHosts> {
  const mastercard = new NetworkHost('mastercard', mastercardHostDialect, 'ZPK/VISA', world, manners);
  const lodging = new NetworkHost('lodging', visaHostDialect, 'ZPK/VISA', world, manners);
  const plain = new NetworkHost('plain', iso87HostDialect, 'ZPK/ISO87', world, manners);
  for (const host of [mastercard, lodging, plain]) await host.listen(network.socketsOf(host.process));
  return { mastercard, lodging, plain } as GuestHosts;
}
