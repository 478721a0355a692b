import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Pan } from '../messages/index.ts';
import type { TerminalMessage } from '../switch/requests/terminal-message.ts';
import { type House, startHouse } from './support/house.ts';
import { ask, connectRaw, frame, pinBlock, purchase, sealed } from './support/raw-terminal.ts';
import { waitUntil } from './support/wait-until.ts';

/** Longer than a busy machine takes to cancel: what a block holds is final, and a case. */
const BLOCK_MS = 3_000;

let house: House;
beforeAll(async () => {
  house = await startHouse({ popBlockMs: BLOCK_MS });
});
afterEach(async () => {
  await Promise.all([house.visa.reset(), house.pop.reset()]);
});
afterAll(() => house?.close());

const port = () => house.ports().iso87;
const withPin = () => purchase({ de52: pinBlock('1234', '4242424242424242') });

const visaKinds = async (stan: string | undefined) =>
  (await house.visa.ledger({ stan: stan ?? '' })).rows.map(({ kind }) => kind);

async function networkReversed(stan: string | undefined): Promise<void> {
  await waitUntil(async () => (await visaKinds(stan)).includes('reversed'));
}

describe('a network that is silent', () => {
  it('is answered 91 within 2 s, and reversed until acknowledged', async () => {
    await house.visa.script({ on: 'reversal', next: 1, scenario: { action: 'silence', lost: 'request' } });
    const message = purchase({ de2: Pan.of('4000000000000036') });
    const from = performance.now();
    expect(await ask(port(), message)).toMatchObject({ de39: '91' });
    expect(performance.now() - from).toBeLessThan(2_000);
    await networkReversed(message.de11);
    expect(await visaKinds(message.de11)).toEqual(['authorised', 'reversed']);
  });

  it('that answers late changes nothing for the terminal, and is reversed', async () => {
    await house.visa.script({ next: 1, scenario: { action: 'late', ms: 2_200 } });
    const message = purchase();
    expect(await ask(port(), message)).toMatchObject({ de39: '91' });
    await networkReversed(message.de11);
    await waitUntil(async () => house.switchLog().includes('network.late-answer'));
    expect(await ask(port(), message)).toMatchObject({ de39: '91' });
  });

  it('that drops the connection is reversed over the next one', async () => {
    await house.visa.script({ next: 1, scenario: { action: 'drop' } });
    const message = purchase();
    expect(await ask(port(), message)).toMatchObject({ de39: '91' });
    await networkReversed(message.de11);
  });

  it('that is not there is answered 91 with nothing to reverse', async () => {
    await house.visa.down();
    const message = purchase();
    expect(await ask(port(), message)).toMatchObject({ de39: '91' });
    await house.visa.up();
    await waitUntil(async () => (await ask(port(), purchase())).de39 === '00');
    expect(await visaKinds(message.de11)).toEqual([]);
  });
});

describe('a consensus', () => {
  const standing = async (stan: string | undefined) => {
    const row = (await house.visa.ledger({ stan: stan ?? '' })).rows[0];
    const { rows } = await house.pop.ledger();
    return row && rows.filter(({ amount }) => amount === row.amount).map(({ kind }) => kind);
  };

  it('that is down does not stop the purchase, and validates it once it is up', async () => {
    await house.pop.down();
    const message = purchase({ de4: '000000007701' });
    expect(await ask(port(), message)).toMatchObject({ de39: '00' });
    expect(await standing(message.de11)).toEqual([]);
    await house.pop.up();
    await waitUntil(async () => ((await standing(message.de11)) ?? []).includes('validated'));
  });

  it('that is silent at the join is asked again and validates once', async () => {
    await house.pop.script({ on: 'initiate', next: 1, scenario: { action: 'silence' } });
    const message = purchase({ de4: '000000007702' });
    expect(await ask(port(), message)).toMatchObject({ de39: '00' });
    await waitUntil(async () => ((await standing(message.de11)) ?? []).includes('validated'));
  });

  it('that rejects leaves the financial leg standing', async () => {
    await house.pop.script({ on: 'initiate', next: 1, scenario: { action: 'reject' } });
    const message = purchase({ de4: '000000007703' });
    expect(await ask(port(), message)).toMatchObject({ de39: '00' });
    expect(await visaKinds(message.de11)).toEqual(['authorised']);
  });

  it('is told to cancel when the network refuses', async () => {
    const message = purchase({ de2: Pan.of('4000000000000002'), de4: '000000007704' });
    expect(await ask(port(), message)).toMatchObject({ de39: '05' });
    await waitUntil(async () => ((await standing(message.de11)) ?? []).includes('cancelled'));
  });
});

describe('the HSM process', () => {
  it('killed: a purchase is declined; started again by its supervisor: the next is approved', async () => {
    const pid = house.hsm.pid();
    if (pid === undefined) throw new Error('the HSM is not running');
    process.kill(pid, 'SIGKILL');
    expect(await ask(port(), withPin())).toMatchObject({ de39: '96' });
    await house.hsm.ready();
    await waitUntil(async () => (await ask(port(), withPin())).de39 === '00');
  });

  it('that hangs: a first request hears 96, a repeat nothing until it can hear what was decided', async () => {
    const pid = house.hsm.pid();
    if (pid === undefined) throw new Error('the HSM is not running');
    const message = purchase();
    expect(await ask(port(), message)).toMatchObject({ de39: '00' });
    const repeat = frame(sealed({ ...message, mti: '0101' }));
    const terminal = await connectRaw(port());
    try {
      process.kill(pid, 'SIGSTOP');
      terminal.send(repeat);
      await waitUntil(async () => unansweredRepeats(message) === 1);
      expect(await ask(port(), purchase())).toMatchObject({ de39: '96' });
      process.kill(pid, 'SIGCONT');
      await waitUntil(async () => (await ask(port(), purchase())).de39 === '00');
      terminal.send(repeat);
      expect(await terminal.receive()).toMatchObject({ mti: '0110', de39: '00', de11: message.de11 });
      expect(terminal.lastMacVerified()).toBe(true);
    } finally {
      process.kill(pid, 'SIGCONT');
      terminal.close();
    }
  });

  function unansweredRepeats({ de11 }: TerminalMessage): number {
    const lines = house.switchLog().split('\n');
    return lines.filter((line) => line.includes('serve.unanswered-repeat') && line.includes(`"${de11}"`))
      .length;
  }
});
