import type { World } from '../world/world.ts';
import { type HostManners, type Iso87Host, iso87Host, type VisaHost, visaHost } from './network-host.ts';

/** The two networks, each with a dialect and a ledger of its own. */
export interface Networks {
  readonly visa: VisaHost;
  readonly iso87: Iso87Host;
}

export function createNetworks(world: World, manners: HostManners): Networks {
  return { visa: visaHost(world, manners), iso87: iso87Host(world, manners) };
}
