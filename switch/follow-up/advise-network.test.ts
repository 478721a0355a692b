import { describe, expect, it, test } from 'vitest';
import type { AdviceRequest, NetworkConnector } from '../../connectors/index.ts';
import { createTestCore, inbound, purchaseMessage, served, type TestCore } from '../../test/support/core.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { advise } from '../serve/advise.ts';
import { authorise } from '../serve/authorise.ts';
import { reverse } from '../serve/take-back.ts';
import { followUpTasks } from './tasks.ts';

const RRN = '632812000001';

/** The core, and what its network is told by advices. */
function createCore(): { core: TestCore; told: AdviceRequest[] } {
  const core = createTestCore();
  const told: AdviceRequest[] = [];
  const visa = core.ports.networks.get('visa');
  if (!visa) throw new Error('the core has no network');
  const listening: NetworkConnector = {
    ...visa,
    advise(request, deadline) {
      told.push(request);
      return visa.advise(request, deadline);
    },
  };
  return { core: { ...core, ports: { ...core.ports, networks: new Map([['visa', listening]]) } }, told };
}

async function say(core: TestCore, verb: typeof authorise, message: TerminalMessage) {
  const reply = served(verb, inbound(core, message), core.ports);
  await core.clock.advance(5_000);
  return reply;
}

async function tellNetwork(core: TestCore) {
  const transaction = core.journal.entries[0]?.transaction ?? '';
  const done = followUpTasks(core.ports)['advise-network']({ transaction, attempt: 1, lane: 'test' });
  await core.clock.advance(50);
  return done;
}

const offline = { ...purchaseMessage(), mti: '0220', de38: 'OFF123' };
const hold = purchaseMessage({ de25: '06', de37: RRN });
const completion = { ...hold, mti: '0220', de4: '000000002000', de11: '000002', de7: '1123130000' };
const reversal = { ...hold, mti: '0400', de11: '000003', de7: '1123130001' };

test('an offline approval is told with the approval code that the terminal gave', async () => {
  const { core, told } = createCore();
  expect(await say(core, advise, offline)).toMatchObject({ code: '00', approvalCode: 'OFF123' });
  expect(await tellNetwork(core)).toEqual({ done: true });
  expect(told).toMatchObject([{ reason: 'offline', minorUnits: 2_500, approvalCode: 'OFF123' }]);
});

test('a completion is told with the approval code of its hold', async () => {
  const { core, told } = createCore();
  await say(core, authorise, hold);
  expect(await say(core, advise, completion)).toMatchObject({ code: '00' });
  expect(await tellNetwork(core)).toEqual({ done: true });
  expect(told).toMatchObject([{ reason: 'completion', minorUnits: 2_000, approvalCode: 'A1B2C3' }]);
});

test.each([
  ['acknowledged', { status: 'acknowledged', code: '00' }],
  ['refused for good', { status: 'refused', code: '14' }],
] as const)('what the network has %s is not told again', async (_, answer) => {
  const { core, told } = createCore();
  Object.assign(core.reversal, answer);
  await say(core, advise, offline);
  await tellNetwork(core);
  const after = core.journal.entries.length;
  expect(await tellNetwork(core)).toEqual({ done: true });
  expect(told).toHaveLength(1);
  expect(core.journal.entries).toHaveLength(after);
});

describe('a completion that was taken back before the network heard of it', () => {
  const reversedWhole = async () => {
    const { core, told } = createCore();
    await say(core, authorise, hold);
    await say(core, advise, completion);
    await say(core, reverse, reversal);
    const transaction = core.journal.entries[0]?.transaction ?? '';
    const job = { transaction, attempt: 1, lane: 'test' };
    const tasks = followUpTasks(core.ports);
    const run = async (task: 'reverse-network' | 'advise-network', attempt = 1) => {
      const done = tasks[task]({ ...job, attempt });
      await core.clock.advance(50);
      return done;
    };
    expect(await run('reverse-network')).toEqual({ done: true });
    return { told, run };
  };

  it('is not told where a reversal of all was acknowledged first', async () => {
    const { told, run } = await reversedWhole();
    expect(await run('advise-network')).toEqual({ done: true });
    expect(told).toEqual([]);
  });

  it('is told where an earlier attempt may have arrived', async () => {
    const { told, run } = await reversedWhole();
    expect(await run('advise-network', 2)).toEqual({ done: true });
    expect(told).toMatchObject([{ minorUnits: 2_000, repeat: true }]);
  });
});

describe('a completion whose rest the network does not take back', () => {
  const beside = async (answer: object, attempt = 1) => {
    const { core, told } = createCore();
    await say(core, authorise, hold);
    await say(core, advise, completion);
    for (const key of Object.keys(core.reversal)) Reflect.deleteProperty(core.reversal, key);
    Object.assign(core.reversal, answer);
    const transaction = core.journal.entries[0]?.transaction ?? '';
    const done = followUpTasks(core.ports)['advise-network']({ transaction, attempt, lane: 'test' });
    await core.clock.advance(50);
    return { done: await done, told };
  };

  it('is told where that was refused, which is a case', async () => {
    const { done, told } = await beside({ status: 'refused', code: '57' });
    expect(done).toEqual({ done: true });
    expect(told).toMatchObject([{ minorUnits: 2_000 }]);
  });

  it('waits where nobody answers, and is given up with it: people see both', async () => {
    const silence = { status: 'unknown', reason: 'no answer by the deadline' };
    expect((await beside(silence)).done).toMatchObject({ retryAfterMs: expect.any(Number) });
    const { done, told } = await beside(silence, 1_000_000);
    expect(done).toMatchObject({ park: expect.stringContaining('gave up') });
    expect(told).toEqual([]);
  });
});

test('two that tell the network at once write down one answer', async () => {
  const { core, told } = createCore();
  await say(core, advise, offline);
  const transaction = core.journal.entries[0]?.transaction ?? '';
  const job = { transaction, attempt: 1, lane: 'test' };
  const both = Promise.all([tellNetwork(core), followUpTasks(core.ports)['advise-network'](job)]);
  await core.clock.advance(50);
  expect(await both).toEqual([{ done: true }, { done: true }]);
  expect(told).toHaveLength(2);
  expect(core.journal.entries.filter(({ kind }) => kind === 'network-advised')).toHaveLength(1);
});
