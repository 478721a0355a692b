import { describe, expect, it } from 'vitest';
import type { NetworkOutcome, PopOutcome } from '../connectors/index.ts';
import { decideOutcome, type PopPolicy, type Verdict } from './outcome-table.ts';

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

type Row = { [K in keyof typeof POP]: Verdict };

const verdict = (code: string, followUps: Verdict['followUps'], caseKind?: Verdict['caseKind']): Verdict => ({
  approved: code === '00' || code === '10',
  code,
  followUps,
  ...(caseKind && { caseKind }),
});

const stands = (code: string): Row => ({
  accepted: verdict(code, ['complete-pop']),
  validated: verdict(code, []),
  rejected: verdict(code, [], 'pop-rejected'),
  unreachable: verdict(code, ['complete-pop']),
  unknown: verdict(code, ['complete-pop']),
  'not-applicable': verdict(code, []),
});

const falls = (code: string, network: Verdict['followUps']): Row => ({
  accepted: verdict(code, [...network, 'cancel-pop']),
  validated: verdict(code, [...network, 'cancel-pop']),
  rejected: verdict(code, network),
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
        expect(decideOutcome(NETWORK[network], POP[pop], 'optional')).toEqual(expected);
      });
    }
  }

  describe('for a merchant that requires the proof', () => {
    it.each(['approved', 'partial'] as const)('network %s × PoP rejected → 05 and a reversal', (network) => {
      expect(decideOutcome(NETWORK[network], POP.rejected, 'required')).toEqual(
        verdict('05', ['reverse-network'], 'pop-rejected'),
      );
    });

    it('every other cell is as for everybody else', () => {
      for (const network of Object.values(NETWORK)) {
        for (const pop of Object.values(POP)) {
          if (network.status === 'approved' && pop.status === 'rejected') continue;
          const under = (policy: PopPolicy) => decideOutcome(network, pop, policy);
          expect(under('required')).toEqual(under('optional'));
        }
      }
    });
  });

  it('approves nothing that the network did not approve', () => {
    for (const network of [NETWORK.refused, NETWORK.unreachable, NETWORK.unknown]) {
      for (const pop of Object.values(POP)) {
        expect(decideOutcome(network, pop, 'optional').approved).toBe(false);
      }
    }
  });
});
