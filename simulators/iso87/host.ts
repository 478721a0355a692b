import { type HostOptions, type RunningHost, startHost } from '../network/host.ts';
import { iso87HostDialect } from './dialect.ts';

/** A network of plain ISO 8583:1987. */
export function startIso87(options: HostOptions): Promise<RunningHost> {
  return startHost(iso87HostDialect, options);
}
