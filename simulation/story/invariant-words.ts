import type { Invariant } from '../world/world.ts';

const PAGE = 'docs/simulation.md';

interface Words {
  /** What must hold, for somebody who has not read the page. */
  readonly says: string;
  /** Its heading on the page, as links name it. */
  readonly anchor: string;
}

const WORDS: Readonly<Record<Invariant, Words>> = {
  'I1 agreement': {
    says: 'What a terminal believes, what the network has and what the consensus witnesses must be the same.',
    anchor: 'i1-agreement',
  },
  'I2 closure': {
    says: 'Nothing may stay open: what cannot be ended is shown to people.',
    anchor: 'i2-closure',
  },
  'I3 one effect': {
    says: 'Whatever is asked twice is done once, and answered alike.',
    anchor: 'i3-one-effect',
  },
  'I4 conservation': {
    says: 'All that terminals count must be all that networks have, and no more than was agreed on.',
    anchor: 'i4-conservation',
  },
  'I5 audit chain': {
    says: 'The chain of the journal must verify, whatever was torn or lost.',
    anchor: 'i5-audit-chain',
  },
  'I6 secrecy': {
    says: 'No card number may be found in what the switch writes.',
    anchor: 'i6-secrecy',
  },
  'I7 reply discipline': {
    says: 'Every answer must be to what was asked, in time, under a right seal.',
    anchor: 'i7-reply-discipline',
  },
  'I8 liveness': {
    says: 'Once nothing is broken any more, everything must come to its end.',
    anchor: 'i8-liveness',
  },
  'I9 isolation': {
    says: 'What is wrong with one may not make another wait.',
    anchor: 'i9-isolation',
  },
  'I10 fail closed': {
    says: 'What was not proven, not written down or not allowed may not be approved.',
    anchor: 'i10-fail-closed',
  },
  'I11 reference model': {
    says: 'Answers and ledgers must be such as the docs allow.',
    anchor: 'i11-reference-model',
  },
  'I12 growth': {
    says: 'Nothing may be left at work once all is over, and no payment may fill the database.',
    anchor: 'i12-growth',
  },
  process: {
    says: 'No error may escape: it would end a real process.',
    anchor: 'no-error-escapes',
  },
};

export const INVARIANTS = Object.keys(WORDS) as Invariant[];

export function meaningOf(invariant: Invariant): { readonly says: string; readonly link: string } {
  const { says, anchor } = WORDS[invariant];
  return { says, link: `${PAGE}#${anchor}` };
}
