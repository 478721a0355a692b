import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { DEFAULT_ADMISSION } from '../config/admission.ts';
import { Gate, type Verdict } from './gate.ts';
import type { Lane } from './lanes.ts';
import { DEADLINE_MS, type Fate, ModelCore } from './testing.ts';

const CAPACITY = 400;
const SECONDS = 6;

const payments = (perSecond: number, from = 0, to = SECONDS * 1_000) =>
  ({ lane: 'opens-legs', peer: 'peer', perSecond, from, to }) as const;
const repliedIn = (fates: readonly Fate[], from: number, to: number) =>
  fates.filter(({ repliedAt }) => repliedAt !== undefined && repliedAt >= from && repliedAt < to);
const longest = (fates: readonly Fate[]) =>
  Math.max(...fates.map(({ askedAt, repliedAt }) => (repliedAt ?? askedAt) - askedAt));

describe('offered load against capacity', () => {
  it.each([0.5, 1, 2, 5])(
    '%s times: nothing is late, and at least 85 in 100 of what can be are approved',
    async (load) => {
      const core = new ModelCore(1, CAPACITY);
      core.send(payments(CAPACITY * load));
      await core.run(10_000);
      const possible = CAPACITY * Math.min(1, load) * SECONDS;
      const replied = core.fates.filter(({ repliedAt }) => repliedAt !== undefined);
      expect(replied.length).toBeGreaterThanOrEqual(possible * 0.85);
      expect(longest(core.fates)).toBeLessThan(DEADLINE_MS / 2);
      expect(core.gate.status().late).toBe(0);
      if (load <= 0.5) expect(replied).toHaveLength(core.fates.length);
    },
  );

  it('a machine that loses half of its capacity under twice the load', async () => {
    const core = new ModelCore(1, CAPACITY);
    core.send(payments(CAPACITY * 2, 0, 8_000));
    core.at(4_000, () => core.setCapacity(CAPACITY / 2));
    await core.run(12_000);
    expect(repliedIn(core.fates, 5_000, 8_000).length).toBeGreaterThanOrEqual((CAPACITY / 2) * 3 * 0.85);
    expect(core.gate.status().late).toBe(0);
    expect(longest(core.fates)).toBeLessThan(DEADLINE_MS);
  });

  it.each([60, 150])('a starved machine, where every wait takes %i ms without a queue', async (ms) => {
    const core = new ModelCore(1, CAPACITY);
    core.starvedMs = ms;
    core.send(payments(CAPACITY * 5));
    await core.run(10_000);
    const replied = repliedIn(core.fates, 0, 10_000);
    expect(replied.length).toBeGreaterThanOrEqual(CAPACITY * SECONDS * 0.85);
    expect(core.gate.status().late).toBe(0);
    expect(longest(core.fates)).toBeLessThan(DEADLINE_MS * 0.75);
  });

  it('a machine that begins to starve under twice the load keeps what it carries', async () => {
    const core = new ModelCore(1, CAPACITY);
    core.send(payments(CAPACITY * 2, 0, 8_000));
    core.at(3_000, () => {
      core.starvedMs = 150;
    });
    await core.run(12_000);
    expect(repliedIn(core.fates, 5_000, 8_000).length).toBeGreaterThanOrEqual(CAPACITY * 3 * 0.85);
    expect(core.gate.status().late).toBe(0);
  });

  it('is back to normal within two seconds of the end of five times the load', async () => {
    const core = new ModelCore(1, CAPACITY);
    core.send(payments(CAPACITY * 5, 0, 4_000));
    core.send({ ...payments(CAPACITY * 0.5, 4_000, 9_000), peer: 'later' });
    await core.run(12_000);
    const later = core.fates.filter(({ peer, askedAt }) => peer === 'later' && askedAt >= 6_000);
    expect(later.filter(({ verdict }) => verdict !== undefined)).toHaveLength(0);
    expect(longest(later)).toBeLessThan(50 + 50);
  });

  it.each(['refuse', 'verification'])(
    'five times the load of both: verifications go first (%s)',
    async () => {
      const core = new ModelCore(1, CAPACITY);
      core.send(payments(CAPACITY * 2.5));
      core.send({ ...payments(CAPACITY * 2.5), lane: 'verification' });
      await core.run(10_000);
      const { lanes } = core.gate.status();
      expect(lanes['opens-legs'].served).toBeGreaterThan(CAPACITY * SECONDS * 0.8);
      expect(lanes.verification.served).toBeLessThan(CAPACITY * SECONDS * 0.1);
    },
  );
});

describe('what is not the switch’s own queue', () => {
  it('an issuer that takes 1.5 s sheds nothing and raises no limit', async () => {
    const core = new ModelCore(1, CAPACITY);
    const before = core.gate.status().limit;
    core.networkMs = () => 1_500;
    core.send(payments(CAPACITY * 0.9));
    await core.run(10_000);
    expect(core.fates.every(({ repliedAt }) => repliedAt !== undefined)).toBe(true);
    expect(core.gate.status().limit).toBeLessThanOrEqual(before * 2);
  });

  it('an issuer that answers all it owes at once drowns nothing', async () => {
    const core = new ModelCore(1, CAPACITY);
    core.networkMs = () => Math.max(50, 1_500 - (core.world.now % 1_500));
    core.send(payments(CAPACITY * 0.8));
    await core.run(10_000);
    expect(core.gate.status().late).toBeLessThan(core.fates.length * 0.01);
    expect(longest(core.fates)).toBeLessThan(DEADLINE_MS);
  });
});

describe('a process that stands still for two seconds', () => {
  it('serves nothing that is stale, and is back to normal two seconds later', async () => {
    const core = new ModelCore(1, CAPACITY);
    core.send(payments(CAPACITY * 0.5, 0, 8_000));
    core.at(2_000, () => core.process.pause());
    core.at(4_000, () => core.process.resume());
    await core.run(12_000);
    const stale = core.fates.filter(({ askedAt }) => askedAt > 2_010 && askedAt < 2_950);
    expect(stale.every(({ repliedAt }) => repliedAt === undefined)).toBe(true);
    expect(longest(core.fates)).toBeLessThan(DEADLINE_MS);
    const afterwards = core.fates.filter(({ askedAt }) => askedAt >= 6_000);
    expect(afterwards.every(({ repliedAt }) => repliedAt !== undefined)).toBe(true);
  });
});

describe('shares', () => {
  it('a flood of one peer leaves the others served', async () => {
    const core = new ModelCore(1, CAPACITY);
    core.send({ ...payments(CAPACITY * 5), peer: 'flood' });
    for (let index = 0; index < 20; index += 1) {
      core.send({ ...payments(CAPACITY * 0.02), peer: `quiet-${index}` });
    }
    await core.run(10_000);
    const quiet = core.fates.filter(({ peer }) => peer !== 'flood');
    const served = quiet.filter(({ repliedAt }) => repliedAt !== undefined);
    expect(served.length).toBeGreaterThanOrEqual(quiet.length * 0.98);
  });

  it('a stranger who says that everything is a repeat takes no more than one turn', async () => {
    const core = new ModelCore(1, CAPACITY);
    core.send({ ...payments(CAPACITY * 5), lane: 'repeats', peer: 'stranger' });
    for (let index = 0; index < 9; index += 1) {
      core.send({ ...payments(CAPACITY * 0.09), peer: `honest-${index}` });
    }
    await core.run(10_000);
    const honest = core.fates.filter(({ peer }) => peer !== 'stranger');
    const served = honest.filter(({ repliedAt }) => repliedAt !== undefined);
    expect(served.length).toBeGreaterThanOrEqual(honest.length * 0.95);
  });

  it('a storm of what must be served leaves payments the half', async () => {
    const core = new ModelCore(1, CAPACITY);
    core.send({ ...payments(CAPACITY * 6), lane: 'must-serve', peer: 'storm' });
    core.send(payments(CAPACITY * 0.3));
    await core.run(14_000);
    const asked = core.fates.filter(({ lane }) => lane === 'opens-legs');
    const served = asked.filter(({ repliedAt }) => repliedAt !== undefined);
    expect(served.length).toBeGreaterThanOrEqual(asked.length * 0.85);
    expect(core.gate.status().lanes['must-serve'].refused).toBe(0);
  });

  it('what must be served is never refused while most of all else is', async () => {
    const core = new ModelCore(1, CAPACITY);
    core.send({ ...payments(CAPACITY * 5), peer: 'flood' });
    core.send({ ...payments(CAPACITY * 0.2), lane: 'must-serve', peer: 'flood' });
    core.send({ ...payments(CAPACITY * 0.2), lane: 'repeats', peer: 'flood' });
    await core.run(10_000);
    const { lanes } = core.gate.status();
    expect(lanes['must-serve']).toEqual({ served: CAPACITY * 0.2 * SECONDS, refused: 0, unanswered: 0 });
    expect(lanes.repeats.refused).toBe(0);
    expect(lanes['opens-legs'].refused).toBeGreaterThan(CAPACITY * 3 * SECONDS);
  });

  it('even what must be served has a bound, beyond which it goes unanswered and comes again', () => {
    const settings = { ...DEFAULT_ADMISSION, mustServeLimit: 2, mustServeWaiting: 3 };
    const gate = new Gate({ clock: new VirtualClock(), deadlineMs: DEADLINE_MS, settings });
    const verdicts = Array.from({ length: 8 }, () => ask(gate, 'must-serve', 'peer'));
    expect(verdicts.flat()).toEqual(['serve', 'serve', 'leave', 'leave', 'leave']);
    expect(gate.status().mustServe).toEqual({ atWork: 2, waiting: 3 });
  });
});

describe('whatever comes', () => {
  const lane = fc.constantFrom<Lane>('must-serve', 'repeats', 'opens-legs', 'verification');
  const step = fc.oneof(
    fc.record({ ask: lane, peer: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ passMs: fc.integer({ min: 0, max: 300 }) }),
    fc.record({ ends: fc.integer({ min: 0, max: 9 }) }),
  );

  it('each is told once, only what may be refused is refused, and never more waits than may', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const clock = new VirtualClock();
        const settings = {
          ...DEFAULT_ADMISSION,
          minLimit: 2,
          maxLimit: 6,
          mustServeLimit: 2,
          mustServeWaiting: 3,
        };
        const gate = new Gate({ clock, deadlineMs: DEADLINE_MS, settings });
        const told: { lane: Lane; verdicts: Verdict[] }[] = [];
        const ends: (() => void)[] = [];
        for (const each of steps) {
          if ('ask' in each) {
            const verdicts = ask(gate, each.ask, each.peer, () => {
              ends.push(each.ask === 'must-serve' ? () => gate.done('must-serve') : gate.began('journal'));
            });
            told.push({ lane: each.ask, verdicts });
          } else if ('passMs' in each) await clock.advance(each.passMs);
          else for (const end of ends.splice(0, each.ends)) end();
          const { waiting, limit, mustServe } = gate.status();
          expect(waiting).toBeLessThanOrEqual(limit);
          expect(mustServe.waiting).toBeLessThanOrEqual(settings.mustServeWaiting);
          expect(mustServe.atWork).toBeLessThanOrEqual(settings.mustServeLimit);
        }
        await clock.advance(DEADLINE_MS + 100);
        for (const { lane, verdicts } of told) {
          expect(verdicts).toHaveLength(1);
          if (lane === 'must-serve' || lane === 'repeats') expect(verdicts).not.toContain('refuse');
        }
        gate.close();
      }),
    );
  });
});

function ask(gate: Gate, lane: Lane, peer: string, served: () => void = () => {}): Verdict[] {
  const verdicts: Verdict[] = [];
  const settle = (verdict: Verdict) => {
    verdicts.push(verdict);
    if (verdict === 'serve') served();
  };
  gate.ask({ lane, path: ['listener', peer, `${peer}:1`], receivedAt: gate.heardAt(0), settle });
  return verdicts;
}
