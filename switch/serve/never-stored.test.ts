import { describe, expect, it } from 'vitest';
import { createTestCore, inbound, purchaseMessage, served, type TestCore } from '../../test/support/core.ts';
import { authorise } from './authorise.ts';

async function ask(core: TestCore, message = purchaseMessage()) {
  const asked = served(authorise, inbound(core, message), core.ports).then(
    (reply) => ({ reply }),
    (refusal) => ({ refusal }),
  );
  await core.clock.advance(10_000);
  return asked;
}

const repeat = purchaseMessage({ mti: '0101' });
const transactions = ({ journal }: TestCore) =>
  new Set(journal.entries.map(({ transaction }) => transaction));

describe('an intention of which nobody knows whether it was stored', () => {
  it('of a repeat makes no second payment beside the one that it repeats', async () => {
    const core = createTestCore();
    const first = await ask(core);
    core.journal.moods = ['unknown-lost'];
    expect(await ask(core, repeat)).toMatchObject({ refusal: { code: 'SW_JOURNAL' } });
    await core.clock.advance(60_000);
    expect(transactions(core).size).toBe(1);
    expect(core.ports.unsettled.size).toBe(0);
    expect(await ask(core, repeat)).toEqual(first);
  });

  it('that was not, and whose terminal was served since, is no second payment either', async () => {
    const core = createTestCore();
    core.journal.moods = ['unknown-lost'];
    expect(await ask(core)).toMatchObject({ refusal: { code: 'SW_JOURNAL' } });
    expect(await ask(core, repeat)).toMatchObject({ reply: { code: '00' } });
    await core.clock.advance(60_000);
    expect(transactions(core).size).toBe(1);
    expect(core.ports.unsettled.size).toBe(0);
  });

  it('that was not, and is made certain, answers for its key', async () => {
    const core = createTestCore();
    core.journal.moods = ['unknown-lost'];
    expect(await ask(core)).toMatchObject({ refusal: { code: 'SW_JOURNAL' } });
    await core.clock.advance(60_000);
    expect(await ask(core, repeat)).toMatchObject({ reply: { code: '96' } });
    expect(transactions(core).size).toBe(1);
    expect(core.sent.authorised).toEqual([]);
  });
});
