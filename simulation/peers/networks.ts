import type { Message, visaBase1 } from '../../messages/index.ts';
import { type Iso87Message, iso87HostDialect } from '../../simulators/iso87/dialect.ts';
import { visaHostDialect } from '../../simulators/visa/dialect.ts';
import type { World } from '../world/world.ts';
import type { HostManners } from './host-records.ts';
import { NetworkHost } from './network-host.ts';

/** The two networks, each with a dialect and a ledger of its own. */
export interface Networks {
  readonly visa: NetworkHost<Message<typeof visaBase1>>;
  readonly iso87: NetworkHost<Iso87Message>;
}

export function createNetworks(world: World, manners: HostManners): Networks {
  return {
    visa: new NetworkHost('visa', visaHostDialect, 'ZPK/VISA', world, manners),
    iso87: new NetworkHost('iso87', iso87HostDialect, 'ZPK/ISO87', world, manners),
  };
}
