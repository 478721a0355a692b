import { describe, expect, it } from 'vitest';
import type { NetworkOutcome, PopOutcome } from '../../connectors/index.ts';
import { decideOutcome, type OutcomePolicy, undoLegs, type Verdict } from './outcome-table.ts';

const NETWORK = {
  approved: { status: 'approved', code: '00', approvalCode: 'A1B2C3' },
  partial: { status: 'approved', code: '10', approvedMinorUnits: 1_000 },
  refused: { status: 'refused', code: '51' },
  unreachable: { status: 'unreachable', reason: 'link is down' },
  unknown: { status: 'unknown', reason: 'no answer by the deadline' },
} as const satisfies Record<string, NetworkOutcome>;

const POP = {
  accepted: { status: 'accepted', validation: 'v-1' },
  validated: { status: 'validated', validation: 'v-1' },
  rejected: { status: 'rejected', reason: 'no such consumer' },
  unreachable: { status: 'unreachable', reason: 'refused' },
  unknown: { status: 'unknown', reason: 'no answer by the deadline' },
  'not-applicable': { status: 'not-applicable' },
} as const satisfies Record<string, PopOutcome>;

const USUAL: OutcomePolicy = { proof: 'optional', partialApproval: true, movesMoney: true };
const PROOF_REQUIRED: OutcomePolicy = { ...USUAL, proof: 'required' };

type Row = { [K in keyof typeof POP]: Verdict };

const verdict = (code: string, followUps: Verdict['followUps'], caseKind?: Verdict['caseKind']): Verdict => ({
  approved: code === '00' || code === '10',
  code,
  followUps,
  ...(caseKind && { caseKind }),
});

const stands = (code: string): Row => ({
  accepted: verdict(code, ['complete-pop']),
  validated: verdict(code, code === '10' ? ['complete-pop'] : []),
  rejected: verdict(code, [], 'pop-rejected'),
  unreachable: verdict(code, ['complete-pop']),
  unknown: verdict(code, ['complete-pop']),
  'not-applicable': verdict(code, []),
});

const falls = (code: string, network: Verdict['followUps']): Row => ({
  accepted: verdict(code, [...network, 'cancel-pop']),
  validated: verdict(code, [...network, 'cancel-pop']),
  rejected: verdict(code, [...network, 'cancel-pop']),
  unreachable: verdict(code, network),
  unknown: verdict(code, [...network, 'cancel-pop']),
  'not-applicable': verdict(code, network),
});

const TABLE: { [K in keyof typeof NETWORK]: Row } = {
  approved: stands('00'),
  partial: stands('10'),
  refused: falls('51', []),
  unreachable: falls('91', []),
  unknown: falls('91', ['reverse-network']),
};

describe('the outcome table', () => {
  for (const network of Object.keys(NETWORK) as (keyof typeof NETWORK)[]) {
    for (const pop of Object.keys(POP) as (keyof typeof POP)[]) {
      const expected = TABLE[network][pop];
      it(`network ${network} × PoP ${pop} → ${expected.code} [${expected.followUps.join(', ')}]`, () => {
        expect(decideOutcome(NETWORK[network], POP[pop], USUAL)).toEqual(expected);
      });
    }
  }

  describe('for a merchant that requires the proof', () => {
    it.each(['approved', 'partial'] as const)('network %s × PoP rejected → 05 and a reversal', (network) => {
      expect(decideOutcome(NETWORK[network], POP.rejected, PROOF_REQUIRED)).toEqual(
        verdict('05', ['reverse-network', 'cancel-pop'], 'pop-rejected'),
      );
    });

    it('every other cell is as for everybody else', () => {
      for (const network of Object.values(NETWORK)) {
        for (const pop of Object.values(POP)) {
          if (network.status === 'approved' && pop.status === 'rejected') continue;
          const under = (policy: OutcomePolicy) => decideOutcome(network, pop, policy);
          expect(under(PROOF_REQUIRED)).toEqual(under(USUAL));
        }
      }
    });
  });

  describe('for a terminal that cannot deal with a partial approval', () => {
    const policy: OutcomePolicy = { ...USUAL, partialApproval: false };

    it('the partial approval is declined 51 and reversed, whatever the proof', () => {
      for (const pop of Object.values(POP)) {
        const { approved, code, followUps } = decideOutcome(NETWORK.partial, pop, policy);
        expect({ approved, code }).toEqual({ approved: false, code: '51' });
        expect(followUps[0]).toBe('reverse-network');
      }
    });
  });

  it('a request that moves no money leaves nothing to reverse', () => {
    const policy: OutcomePolicy = { ...USUAL, movesMoney: false };
    expect(decideOutcome(NETWORK.unknown, POP['not-applicable'], policy)).toEqual(verdict('91', []));
  });

  describe('an unreachable network, stood in for', () => {
    const stoodInFor = {
      ...NETWORK.unreachable,
      standIn: { approved: true, approvalCode: 'SABC23' },
    } as const;
    const row: Row = {
      accepted: verdict('00', ['advise-network', 'complete-pop']),
      validated: verdict('00', ['advise-network']),
      rejected: verdict('91', ['cancel-pop']),
      unreachable: verdict('00', ['advise-network', 'complete-pop']),
      unknown: verdict('91', ['cancel-pop']),
      'not-applicable': verdict('00', ['advise-network']),
    };

    it.each(Object.keys(POP) as (keyof typeof POP)[])('× PoP %s', (pop) => {
      expect(decideOutcome(stoodInFor, POP[pop], USUAL)).toEqual(row[pop]);
    });

    it('refused: the terminal hears the stand-in’s own code, and the proof is undone', () => {
      const standIn = { approved: false, code: '55', reason: 'pin-wrong' } as const;
      const network = { ...NETWORK.unreachable, standIn };
      expect(decideOutcome(network, POP.accepted, USUAL)).toEqual(verdict('55', ['cancel-pop']));
    });
  });

  it('undoes what may stand of either leg, where nobody will hear the verdict', () => {
    expect(undoLegs(NETWORK.approved, POP.accepted)).toEqual(['reverse-network', 'cancel-pop']);
    expect(undoLegs(NETWORK.unknown, POP.unreachable)).toEqual(['reverse-network']);
    expect(undoLegs(NETWORK.refused, POP.unknown)).toEqual(['cancel-pop']);
    expect(undoLegs(NETWORK.unreachable, POP['not-applicable'])).toEqual([]);
  });

  it('approves nothing that neither the network nor a stand-in approved', () => {
    for (const network of [NETWORK.refused, NETWORK.unreachable, NETWORK.unknown]) {
      for (const pop of Object.values(POP)) {
        expect(decideOutcome(network, pop, USUAL).approved).toBe(false);
      }
    }
  });
});

it('an approval that asks for papers (08) stands where somebody can look at them, and is reversed elsewhere', () => {
  const identify = { ...NETWORK.approved, code: '08' } as const;
  const of = (canIdentify: boolean) =>
    decideOutcome(identify, POP['not-applicable'], { ...USUAL, canIdentify });
  expect(of(true)).toMatchObject({ approved: true, code: '08', followUps: [] });
  expect(of(false)).toMatchObject({ approved: false, code: '05', followUps: ['reverse-network'] });
});
