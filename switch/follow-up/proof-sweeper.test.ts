import { afterEach, describe, expect, it } from 'vitest';
import type { PopStandingStatus, PopStandings } from '../../connectors/index.ts';
import { createTestCore, inbound, purchaseMessage, served, type TestCore } from '../../test/support/core.ts';
import { authorise } from '../serve/authorise.ts';
import { readTransaction } from '../transaction/append-next.ts';
import { awaitedProof } from '../transaction/awaited-proof.ts';
import type { AwaitedProofs, DueProof } from './awaited-proofs.ts';
import { ProofSweeper } from './proof-sweeper.ts';

/** Rows as the projector would have them, and what the sweeper does with them. */
class ScriptedProofs implements AwaitedProofs {
  due: DueProof[] = [];
  readonly claimed: number[] = [];
  readonly putOffs: { transactions: readonly string[]; delayMs: number }[] = [];
  readonly handedOver: string[] = [];
  failure: Error | undefined;

  async claim(limit: number): Promise<DueProof[]> {
    if (this.failure) throw this.failure;
    this.claimed.push(limit);
    return this.due.splice(0, limit);
  }

  async putOff(transactions: readonly string[], delayMs: number): Promise<void> {
    this.putOffs.push({ transactions, delayMs });
  }

  async handOver(transactions: readonly string[]): Promise<string[]> {
    const fresh = transactions.filter((each) => !this.handedOver.includes(each));
    this.handedOver.push(...fresh);
    return fresh;
  }

  async backlog() {
    return { waiting: this.due.length };
  }
}

interface Swept {
  readonly core: TestCore;
  readonly proofs: ScriptedProofs;
  readonly sweeper: ProofSweeper;
  /** What the consensus is asked for, call by call. */
  readonly asked: (readonly string[])[];
  /** Transactions that were asked for by themselves. */
  readonly singles: string[];
  /** How often it had asked in vain, each time that it said so. */
  readonly told: unknown[];
}

const sweepers: ProofSweeper[] = [];
/** Nobody waits for them: their clock stands still. */
afterEach(() => {
  for (const sweeper of sweepers.splice(0)) void sweeper.stop();
});

function sweep(answer: (ids: readonly string[]) => PopStandings): Swept {
  const core = createTestCore();
  const proofs = new ScriptedProofs();
  const asked: (readonly string[])[] = [];
  const singles: string[] = [];
  core.ports.pop.standings = async (ids) => {
    asked.push(ids);
    return answer(ids);
  };
  core.ports.pop.standing = async (transaction) => {
    singles.push(transaction);
    return core.standing;
  };
  const told: unknown[] = [];
  const warn = (line: object) => void ('failures' in line && told.push(line.failures));
  const sweeper = new ProofSweeper({ ...core.ports, log: { ...core.ports.log, warn }, proofs });
  sweepers.push(sweeper);
  return { core, proofs, sweeper, asked, singles, told };
}

const answered = (standings: Record<string, PopStandingStatus>): PopStandings => ({
  status: 'answered',
  standings: new Map(Object.entries(standings)),
});
const all = (status: PopStandingStatus) => (ids: readonly string[]) =>
  answered(Object.fromEntries(ids.map((id) => [id, status])));

/** A purchase that was approved, whose proof is due. */
async function bought({ core, proofs }: Swept, stan = '000001', validation = 'v-1'): Promise<string> {
  core.pop = { outcome: { status: 'accepted', validation }, afterMs: 1 };
  const done = served(authorise, inbound(core, purchaseMessage({ de11: stan })), core.ports);
  await core.clock.advance(100);
  await done;
  const transaction = core.journal.entries.at(-1)?.transaction ?? '';
  const folded = await readTransaction(core.journal, transaction);
  const proof = awaitedProof(await core.journal.history(transaction), folded);
  if (!proof) throw new Error('its proof is not awaited');
  proofs.due.push({ ...proof, attempt: 1 });
  return transaction;
}

const pop = async ({ core }: Swept, transaction: string) =>
  (await readTransaction(core.journal, transaction)).pop;

describe('the sweeper', () => {
  it('asks for all that are due by one call, and writes down what is final', async () => {
    const swept = sweep(all('validated'));
    const ids = [await bought(swept, '000001', 'v-1'), await bought(swept, '000002', 'v-2')];
    await swept.core.clock.advance(600);
    expect(swept.asked).toEqual([['v-1', 'v-2']]);
    for (const id of ids) expect(await pop(swept, id)).toBe('validated');
    expect(swept.core.journal.followUps).toEqual([]);
    expect(swept.proofs.putOffs).toEqual([]);
  });

  it('takes up to 1,000 at once, and goes on at once where there are more', async () => {
    const swept = sweep(all('pending'));
    const row = (n: number) => ({ transaction: `t-${n}`, validation: `v-${n}`, version: 2, attempt: 1 });
    swept.proofs.due = Array.from({ length: 1_500 }, (_, n) => row(n));
    await swept.core.clock.advance(1);
    expect(swept.asked.map((ids) => ids.length)).toEqual([1_000, 500]);
  });

  it('keeps what is pending, asks for it again, and gives it back when its claim is nearly over', async () => {
    const swept = sweep(all('pending'));
    const id = await bought(swept);
    const { finalityMs } = swept.core.ports.settings.pop;
    await swept.core.clock.advance(600 + finalityMs);
    expect(swept.asked.length).toBeGreaterThanOrEqual(3);
    expect(swept.proofs.putOffs).toEqual([]);
    await swept.core.clock.advance(60_000);
    expect(swept.proofs.putOffs).toEqual([{ transactions: [id], delayMs: finalityMs / 3 }]);
  });

  it('gives back at once what it keeps when it stops', async () => {
    const swept = sweep(all('pending'));
    const id = await bought(swept);
    await swept.core.clock.advance(600);
    await swept.sweeper.stop();
    expect(swept.proofs.putOffs).toEqual([{ transactions: [id], delayMs: 0 }]);
  });

  it.each(['rejected', 'expired', 'cancelled'] as const)(
    'gives what is %s to a follow-up',
    async (status) => {
      const swept = sweep(all(status));
      const id = await bought(swept);
      await swept.core.clock.advance(600);
      expect(swept.proofs.handedOver).toEqual([id]);
      expect(await pop(swept, id)).toBe('accepted');
    },
  );

  it('gives what the answer left out to a follow-up, and heeds no order', async () => {
    const swept = sweep(() => answered({ 'v-9': 'validated', 'v-3': 'validated', 'v-1': 'pending' }));
    await bought(swept, '000001', 'v-1');
    const leftOut = await bought(swept, '000002', 'v-2');
    const final = await bought(swept, '000003', 'v-3');
    await swept.core.clock.advance(600);
    expect(swept.proofs.handedOver).toEqual([leftOut]);
    expect(await pop(swept, final)).toBe('validated');
  });

  it('leaves alone what was taken back meanwhile', async () => {
    const swept = sweep(all('validated'));
    const id = await bought(swept);
    const body = { key: 'k', reply: { code: '00' }, by: 'reversal' };
    await swept.core.journal.append({ transaction: id, version: 3, kind: 'taken-back', body });
    await swept.core.clock.advance(600);
    expect(swept.core.journal.kinds(id)).toEqual(['intended', 'decided', 'taken-back']);
    expect(swept.proofs.putOffs).toMatchObject([{ transactions: [id] }]);
  });
});

describe('a consensus that cannot be asked for many', () => {
  it('is asked one by one within a limit, and from time to time for a set again', async () => {
    const swept = sweep(() => ({ status: 'unsupported' }));
    swept.core.standing = { status: 'validated', validation: 'v-1' };
    const id = await bought(swept);
    const row = (n: number) => ({ transaction: `t-${n}`, validation: 'v-1', version: 2, attempt: 1 });
    swept.proofs.due.push(...Array.from({ length: 300 }, (_, n) => row(n)));
    await swept.core.clock.advance(2_000);
    expect(await pop(swept, id)).toBe('validated');
    expect(swept.asked).toHaveLength(1);
    expect(swept.singles.length).toBeGreaterThanOrEqual(100);
    expect(swept.singles.length).toBeLessThanOrEqual(200);
    const [notAsked] = swept.proofs.putOffs;
    expect([notAsked?.transactions.length, notAsked?.delayMs]).toEqual([201, 0]);
    expect(swept.sweeper.state.asks).toBe('one by one');

    await swept.core.clock.advance(60_000);
    await bought(swept, '000002');
    await swept.core.clock.advance(1_000);
    expect(swept.asked.length).toBeGreaterThan(1);
  });

  it('and leaves one unanswered is asked for all the others', async () => {
    const swept = sweep(() => ({ status: 'unsupported' }));
    const row = (n: number) => ({ transaction: `t-${n}`, validation: 'v-1', version: 2, attempt: 1 });
    swept.core.ports.pop.standing = async (transaction) => {
      swept.singles.push(transaction);
      return transaction === 't-3'
        ? { status: 'unavailable', reason: 'no answer' }
        : { status: 'pending', validation: 'v-1' };
    };
    swept.proofs.due = Array.from({ length: 30 }, (_, n) => row(n));
    await swept.core.clock.advance(500);
    expect(new Set(swept.singles).size).toBe(30);
    expect(swept.sweeper.state.failures).toBe(0);
    expect(swept.proofs.putOffs).toEqual([{ transactions: ['t-3'], delayMs: 0 }]);
  });

  it('that answers of another validation leaves the proof to a follow-up', async () => {
    const swept = sweep(() => ({ status: 'unsupported' }));
    swept.core.standing = { status: 'validated', validation: 'another' };
    const id = await bought(swept);
    await swept.core.clock.advance(1_000);
    expect(swept.proofs.handedOver).toEqual([id]);
    expect(await pop(swept, id)).toBe('accepted');
  });
});

describe('what fails', () => {
  it('a consensus that is away: its proofs are put off, and it is left alone for longer and longer', async () => {
    const swept = sweep(() => ({ status: 'unavailable', reason: 'refused' }));
    const id = await bought(swept);
    const isDueAgain = () => {
      if (swept.proofs.due.length > 0) return;
      swept.proofs.due.push({ transaction: id, validation: 'v-1', version: 2, attempt: 1 });
    };
    for (let second = 0; second < 60; second += 1) {
      isDueAgain();
      await swept.core.clock.advance(1_000);
    }
    expect(swept.asked.length).toBeGreaterThan(4);
    expect(swept.asked.length).toBeLessThan(12);
    expect(swept.proofs.claimed.at(-1)).toBe(20);
    expect(swept.sweeper.state.failures).toBe(swept.asked.length);
    expect(swept.told.slice(0, 3)).toEqual([1, 2, 4]);
    expect(swept.proofs.handedOver).toEqual([]);

    swept.core.ports.pop.standings = async () => answered({ 'v-1': 'validated' });
    isDueAgain();
    await swept.core.clock.advance(40_000);
    expect(swept.sweeper.state.failures).toBe(0);
  });

  it('a database that is away is tried again', async () => {
    const swept = sweep(all('validated'));
    swept.proofs.failure = new Error('no connection');
    await swept.core.clock.advance(5_000);
    expect(swept.sweeper.state.failures).toBeGreaterThan(1);
    swept.proofs.failure = undefined;
    const id = await bought(swept);
    await swept.core.clock.advance(20_000);
    expect(await pop(swept, id)).toBe('validated');
    expect(swept.sweeper.state.failures).toBe(0);
  });

  it('a journal that is away: the rest is done, and the proof is due again after its lease', async () => {
    const swept = sweep((ids) =>
      answered(Object.fromEntries(ids.map((id) => [id, id === 'v-1' ? 'validated' : 'pending']))),
    );
    const id = await bought(swept, '000001', 'v-1');
    const other = await bought(swept, '000002', 'v-2');
    swept.core.journal.moods = ['away'];
    await swept.core.clock.advance(400);
    expect(await pop(swept, id)).toBe('accepted');
    expect(swept.sweeper.state.failures).toBe(1);
    await swept.sweeper.stop();
    expect(swept.proofs.putOffs).toMatchObject([{ transactions: [other] }]);
  });
});
