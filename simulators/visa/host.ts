import { type HostOptions, type RunningHost, startHost } from '../network/host.ts';
import { visaHostDialect } from './dialect.ts';

/** A network of Visa's profile. */
export function startVisa(options: HostOptions): Promise<RunningHost> {
  return startHost(visaHostDialect, options);
}
