/**
 * Probes: the rare things that a simulation must have seen. A campaign that never reached one proves nothing about it,
 * and fails with its name. In service nobody listens, and a probe costs one comparison; it decides nothing, and no code
 * can ask whether it was passed. To count log events instead was rejected: what is logged is for operators, and is
 * renamed for them.
 */

/** What the rooms may pass, and what each means. */
export const PROBES = {
  'late approval reversed': 'an approval came after its leg was given up, and its reversal was sent for it',
  'reversal before its original': 'a reversal found nothing, and was remembered',
  'remembered original refused': 'a request came whose reversal had come before it',
  'take-over': 'a node brought to its end what another had left open',
  'doubtful commit resolved': 'a flush whose end nobody heard was looked up',
  fenced: 'a node learned that its lease was over',
  'proof forestalled': 'a proof was initiated only to be cancelled, since another one might still come',
  'refund beyond its original': 'a refund was refused for what others had reserved',
  'repeat answered from the journal': 'a repeat was given the stored answer',
} as const satisfies Readonly<Record<string, string>>;

export type Probe = keyof typeof PROBES;

let listener: ((probe: Probe) => void) | undefined;

/** Says that this happens now, and that it may be rare. */
export function sometimes(probe: Probe): void {
  listener?.(probe);
}

/** Hears of every probe that is passed; one at a time may. @returns to be called when it has heard enough */
export function listenToProbes(heard: (probe: Probe) => void): () => void {
  listener = heard;
  return () => {
    if (listener === heard) listener = undefined;
  };
}
