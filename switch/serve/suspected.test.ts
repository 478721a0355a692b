import { describe, expect, test } from 'vitest';
import { createTestCore, inbound, purchaseMessage, served, type TestCore } from '../../test/support/core.ts';
import type { FraudRule, FraudSettings } from '../config/fraud.ts';
import { countedJournal } from '../fraud/counted-journal.ts';
import { FraudWatch } from '../fraud/fraud-watch.ts';
import { ruleOf } from '../fraud/testing.ts';
import type { Ports } from '../ports.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import type { OpeningBody, ReplyFields } from '../transaction/entries.ts';
import { foldTransaction } from '../transaction/fold.ts';
import { authorise } from './authorise.ts';

const BIG = { check: 'amount', currency: '978', moreThanMinorUnits: 1_000 } as const;
const OFTEN = { check: 'velocity', by: ['card'], of: 'asked', withinMs: 60_000, moreThan: 1 } as const;
const often: FraudRule['checks'][number] = { ...OFTEN, by: [...OFTEN.by] };

function watched(rule: FraudRule, settings: Partial<FraudSettings> = {}) {
  const core = createTestCore();
  const { clock, log } = core.ports;
  const fraud = new FraudWatch({
    settings: { mode: 'enforce', rules: [rule], ...settings },
    networks: [],
    placeOf: () => undefined,
    clock,
    log,
  });
  const journal = countedJournal(core.ports.journal, fraud, clock);
  const ports: Ports = { ...core.ports, journal, fraud };
  return { core, ports, fraud };
}

async function pay(core: TestCore, ports: Ports, message: Partial<TerminalMessage> = {}) {
  let reply: ReplyFields | undefined;
  const asked = served(authorise, inbound(core, purchaseMessage(message)), ports).then((told) => {
    reply = told;
  });
  await core.clock.advance(3_000);
  await asked;
  return reply;
}

const openings = (core: TestCore) =>
  core.journal.entries.flatMap(({ kind, body }) => (kind === 'intended' ? [body as OpeningBody] : []));

describe('a payment that a rule blocks', () => {
  test.each([
    [undefined, '59'],
    ['05', '05'],
  ] as const)(
    'with %s in the settings it is refused %s, on record, and no leg is opened',
    async (refusalCode, code) => {
      const { core, ports } = watched(ruleOf(BIG), refusalCode ? { refusalCode } : {});
      expect(await pay(core, ports)).toMatchObject({ code });
      expect(core.sent.authorised).toEqual([]);
      expect(core.sent.initiated).toEqual([]);
      const [opening] = openings(core);
      expect(opening?.fraud).toMatchObject({ did: 'block', found: [{ id: 'RULE', seen: [2_500] }] });
      const state = foldTransaction(core.journal.entries);
      expect(state).toMatchObject({ state: 'declined', standingMinorUnits: 0, cases: [] });
    },
  );

  test('a repeat gets the same answer, and counts once', async () => {
    const { core, ports } = watched(ruleOf(often));
    expect(await pay(core, ports)).toMatchObject({ code: '00' });
    expect(await pay(core, ports)).toMatchObject({ code: '00' });
    expect(await pay(core, ports, { de11: '000002', de12: '130001' })).toMatchObject({ code: '59' });
    expect(await pay(core, ports, { de11: '000002', de12: '130001' })).toMatchObject({ code: '59' });
    expect(openings(core).map(({ fraud }) => fraud?.did)).toEqual([undefined, 'block']);
  });
});

describe('a payment that a rule does not block', () => {
  test('has no word of fraud in the journal where no rule fires', async () => {
    const { core, ports } = watched(ruleOf({ ...BIG, moreThanMinorUnits: 1_000_000 }));
    expect(await pay(core, ports)).toMatchObject({ code: '00' });
    expect(openings(core)[0]).not.toHaveProperty('fraud');
    expect(openings(core)[0]).not.toHaveProperty('untied');
  });

  test('in the shadow it goes its way, and the journal has what would have been', async () => {
    const { core, ports } = watched(ruleOf(BIG), { mode: 'monitor' });
    expect(await pay(core, ports)).toMatchObject({ code: '00' });
    expect(openings(core)[0]?.fraud).toMatchObject({ did: 'monitor', found: [{ action: 'block' }] });
    expect(foldTransaction(core.journal.entries)?.cases).toEqual([]);
  });

  test('to be reviewed it opens a case, where it was approved', async () => {
    const { core, ports } = watched(ruleOf(BIG, { action: 'review' }));
    expect(await pay(core, ports)).toMatchObject({ code: '00' });
    expect(foldTransaction(core.journal.entries)?.cases).toEqual(['fraud-review']);

    const other = watched(ruleOf(BIG, { action: 'review' }));
    other.core.network.outcome = { status: 'refused', code: '51' };
    expect(await pay(other.core, other.ports)).toMatchObject({ code: '51' });
    expect(foldTransaction(other.core.journal.entries)?.cases).toEqual([]);
  });

  test('a refund that names no original is known as one', async () => {
    const { core, ports } = watched(ruleOf(BIG, { action: 'monitor', scope: { untied: true } }));
    await pay(core, ports, { mti: '0200', de3: '200000' });
    expect(openings(core)[0]).toMatchObject({ untied: true, fraud: { found: [{ id: 'RULE' }] } });
  });
});
