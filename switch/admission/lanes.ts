import { isRepeat, withoutRepeat } from '../../messages/index.ts';
import { findService } from '../requests/services.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';

/**
 * What a request is worth while not everything can be served. `must-serve` tells what has happened already, or keeps
 * the line alive. `repeats` ask what became of an earlier request: a refusal would be taken for that request's answer.
 * `verification` moves no money, and is the first to go.
 */
export type Lane = 'must-serve' | 'repeats' | 'opens-legs' | 'verification';

/** What becomes of a request that cannot be served in time: unanswered it comes again. */
export const SHED: Readonly<Record<Lane, 'refuse' | 'leave'>> = {
  'must-serve': 'leave',
  repeats: 'leave',
  'opens-legs': 'refuse',
  verification: 'refuse',
};

const OPENS_LEGS: ReadonlySet<string> = new Set(['0100', '0200']);
/** DE3 of a void, which takes back. */
const VOID = '02';

/** By the MTI and the processing code alone: nothing is looked up, and a message that is no good has a lane too. */
export function laneOf({ mti, de3 = '', de25 = '00' }: TerminalMessage): Lane {
  const first = withoutRepeat(mti);
  if (!OPENS_LEGS.has(first) || de3.startsWith(VOID)) return 'must-serve';
  if (isRepeat(mti)) return 'repeats';
  const service = findService({ mti, de3, de25 });
  return service?.movesMoney === false ? 'verification' : 'opens-legs';
}
