import { IsoError } from '../../messages/index.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';

/** What could be read of a garbled message, where that is enough to answer it. */
export function readable(error: unknown): { message: TerminalMessage; error: IsoError } | undefined {
  if (!(error instanceof IsoError)) return undefined;
  const partial: Partial<TerminalMessage> = error.partial ?? {};
  const { mti } = partial;
  return mti ? { message: { ...partial, mti }, error } : undefined;
}
