import { describe, expect, it } from 'vitest';
import { PLAIN_REVERSALS, type SchemeRules } from '../../connectors/index.ts';
import { decided, opening } from '../projection/testing.ts';
import type { EntryBodies, EntryKind } from '../transaction/entries.ts';
import { foldTransaction } from '../transaction/fold.ts';
import { holdingsOf } from '../transaction/increments.ts';
import { reversalFacts } from './reversal-facts.ts';

type Step = { [K in EntryKind]: { kind: K; body: EntryBodies[K] } }[EntryKind];

const answered = { key: 'k', reply: { code: '00' } };
const takenBack: Step = { kind: 'taken-back', body: { ...answered, by: 'reversal' } };
const begun = (kind: 'purchase' | 'pre-authorisation' = 'purchase'): Step => ({
  kind: 'intended',
  body: opening({ kind, minorUnits: 2_500 }),
});
const approved = (approvedMinorUnits?: number): Step => ({
  kind: 'decided',
  body: decided(true, {
    network: { status: 'approved', code: '00', ...(approvedMinorUnits && { approvedMinorUnits }) },
    reply: { code: '00', ...(approvedMinorUnits && { approvedMinorUnits }) },
  }),
});
const captured = (minorUnits: number): Step[] => [
  { kind: 'captured', body: { ...answered, minorUnits, pop: null } },
  { kind: 'network-advised', body: { reason: 'completion', code: '00', attempts: 1 } },
];
const stoodIn: Step = {
  kind: 'decided',
  body: decided(true, {
    network: {
      status: 'unreachable',
      reason: 'the link is down',
      standIn: { approved: true, approvalCode: 'SABCDE' },
    },
  }),
};

/** What the next reversal says after these steps. */
function said(steps: readonly Step[], rules: Pick<SchemeRules, 'reversals' | 'standInIsTold'> = {}) {
  const entries = steps.map((step, index) => ({
    transaction: 't',
    version: index + 1,
    at: 0,
    node: 'n',
    epoch: 1,
    ...step,
  }));
  const transaction = foldTransaction(entries);
  const [holding] = transaction ? holdingsOf(transaction) : [];
  const found = transaction && holding && reversalFacts(transaction, holding, rules);
  return found && { ...found, facts: found.facts.amount.minorUnits };
}

describe('a reversal says', () => {
  const unknown: Step = {
    kind: 'decided',
    body: decided(false, { network: { status: 'unknown', reason: 'silence' } }),
  };
  const partly: Step[] = [
    { kind: 'partly-taken-back', body: { ...answered, remainingMinorUnits: 1_000 } },
    { kind: 'network-reversed', body: { code: '00', attempts: 1, remainingMinorUnits: 1_000 } },
  ];
  const refusedPart: Step[] = [
    ...partly.slice(0, 1),
    { kind: 'network-reversal-refused', body: { code: '57', attempts: 1, remainingMinorUnits: 1_000 } },
  ];

  it.each<[what: string, steps: Step[], amount: number, original: string]>([
    ['what was asked, where nothing came back', [begun(), unknown], 2_500, 'request'],
    ['what was asked, where it came before the answer', [begun(), takenBack], 2_500, 'request'],
    ['what was approved', [begun(), approved(), takenBack], 2_500, 'request'],
    ['what was approved of it', [begun(), approved(1_000), takenBack], 1_000, 'request'],
    [
      'what was approved at first, after one of a part',
      [begun(), approved(), ...partly, takenBack],
      2_500,
      'request',
    ],
    [
      'what was taken',
      [begun('pre-authorisation'), approved(), ...captured(1_800), takenBack],
      1_800,
      'request',
    ],
    [
      'what was taken beyond',
      [begun('pre-authorisation'), approved(), ...captured(2_900), takenBack],
      2_900,
      'request',
    ],
    [
      'what was approved, where the network was not told yet that more was taken',
      [begun('pre-authorisation'), approved(), ...captured(2_900).slice(0, 1), takenBack],
      2_500,
      'request',
    ],
    [
      'what was taken, where the network has refused to give back a part of it',
      [begun('pre-authorisation'), approved(), ...captured(1_800), ...refusedPart, takenBack],
      1_800,
      'request',
    ],
    ['what the network was told', [begun(), stoodIn, takenBack], 2_500, 'advice'],
  ])('%s', (_, steps, facts, original) => {
    expect(said(steps)).toEqual({ facts, original });
  });

  it('what remains, where it takes back a part', () => {
    const steps: Step[] = [begun(), approved(), ...partly.slice(0, 1)];
    expect(said(steps)).toEqual({ facts: 2_500, original: 'request', remainingMinorUnits: 1_000 });
  });

  it('what was asked for, until the network has heard of the last of several completions', () => {
    const words = { amount: 'held', names: 'completion', zeroReplacement: true } as const;
    const reversals = { ...PLAIN_REVERSALS, completion: words };
    const inParts = (sequence: number): Step[] => {
      const part = { sequence, count: 2, minorUnits: 900, stan: '000009', transmittedAt: '1123130000' };
      const told = { key: 'k', minorUnits: 900 };
      return [
        { kind: 'captured', body: { ...answered, minorUnits: 900, pop: null, part } },
        { kind: 'network-advised', body: { reason: 'completion', code: '00', attempts: 1, told } },
      ];
    };
    const saidBehind = (sequence: number) =>
      said([begun('pre-authorisation'), approved(), ...inParts(sequence), takenBack], { reversals });
    expect(saidBehind(1)).toMatchObject({ original: 'request' });
    expect(saidBehind(2)).toMatchObject({ original: 'completion' });
  });

  it('what its network wants to hear', () => {
    const words = { amount: 'held', names: 'completion', zeroReplacement: true } as const;
    const reversals = { ...PLAIN_REVERSALS, completion: words, 'partial-reversal': words };
    const completed = [begun('pre-authorisation'), approved(), ...captured(1_800), takenBack];
    expect(said(completed, { reversals })).toEqual({
      facts: 1_800,
      original: 'completion',
      remainingMinorUnits: 0,
    });
    expect(said([begun(), approved(), ...partly, takenBack], { reversals })).toMatchObject({ facts: 1_000 });
    expect(said([begun(), stoodIn, takenBack], { standInIsTold: 'deferred' })).toMatchObject({
      original: 'request',
    });
  });
});
