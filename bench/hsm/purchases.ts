import { readFileSync } from 'node:fs';
import type { TestHsm } from '../../hsm/testing/index.ts';
import { Pan, type PinBlock } from '../../messages/index.ts';

/**
 * What purchases cost in processor time, of the HSM's process and of its client: time of the clock is noise on a
 * machine that others use, and this is what the switch has less of. Each purchase is of another terminal than the one
 * before, with keys of its own: requests of one turn share few keys.
 */
export interface PurchaseCost {
  readonly rate: number;
  readonly hsmMicroseconds: number;
  readonly clientMicroseconds: number;
}

interface Terminal {
  readonly macKey: string;
  readonly pinKey: string;
  readonly mac: Buffer;
  readonly block: PinBlock;
}

const TERMINALS = 200;
const RATE = 2_000;
const DURATION_MS = 3_000;
const PAN = Pan.of('4242424242424242');
const MESSAGE = Buffer.alloc(200, 0x5a);
/** Clock ticks of /proc are 10 ms on every Linux of today. */
const TICK_MICROSECONDS = 10_000;

/** @param protect whether the card is one not seen before. @param block under the PIN key TPK/TERM0001 */
export async function costOfPurchases(
  hsm: TestHsm,
  block: PinBlock,
  protect: boolean,
): Promise<PurchaseCost> {
  const terminals = await terminalsOf(hsm, block);
  const purchase = (number: number) => {
    const terminal = terminals[number % terminals.length];
    return terminal ? purchaseOf(hsm, terminal, protect) : Promise.resolve();
  };
  await atRate(purchase, 500);
  const [hsmBefore, clientBefore, from] = [cpuOf(hsm.pid()), process.cpuUsage(), performance.now()];
  const done = await atRate(purchase, DURATION_MS);
  const { user, system } = process.cpuUsage(clientBefore);
  return {
    rate: (done * 1_000) / (performance.now() - from),
    hsmMicroseconds: (cpuOf(hsm.pid()) - hsmBefore) / done,
    clientMicroseconds: (user + system) / done,
  };
}

/** All that an authorisation asks: one request before, one after. */
async function purchaseOf({ client }: TestHsm, terminal: Terminal, protect: boolean): Promise<void> {
  const { macKey, pinKey, mac, block } = terminal;
  const opened = await client.openRequest({
    seal: { data: MESSAGE, mac, keys: [{ macKey, pinKey }] },
    pan: PAN,
    protect,
    pin: { block, to: 'ZPK/VISA' },
  });
  if (opened.mac !== 'right' || !opened.pin || !('done' in opened.pin)) throw new Error('refused');
  await client.generateMac(macKey, MESSAGE);
}

/** Each has keys of its own; its PIN block comes from one by translation. */
async function terminalsOf({ client }: TestHsm, block: PinBlock): Promise<Terminal[]> {
  const key = (usage: string) =>
    client
      .generateKey({ usage, algorithm: 'T', length: 16 }, { owner: 'bench' })
      .then(({ record }) => record);
  const terminals: Terminal[] = [];
  for (let number = 0; number < TERMINALS; number++) {
    const [macKey, pinKey] = [await key('M3'), await key('P0')];
    const own = await client.translatePin({ from: 'TPK/TERM0001', to: pinKey, pan: PAN, block });
    terminals.push({ macKey, pinKey, mac: await client.generateMac(macKey, MESSAGE), block: own });
  }
  return terminals;
}

/** Starts so many a second, in steps of a millisecond, and waits for all of them. */
async function atRate(work: (number: number) => Promise<unknown>, milliseconds: number): Promise<number> {
  const pending: Promise<unknown>[] = [];
  const start = performance.now();
  let started = 0;
  for (let elapsed = 0; elapsed < milliseconds; elapsed = performance.now() - start) {
    for (; started < (elapsed * RATE) / 1_000; started++) pending.push(work(started));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  return started;
}

/** Microseconds of processor time a process has used, user and system. */
function cpuOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}
