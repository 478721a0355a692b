import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { runTool } from '../../runtime/index.ts';
import { compile } from '../codec.ts';
import type { Dialect } from '../dialect.ts';
import { dialects } from '../dialects/index.ts';
import { IsoError } from '../errors.ts';
import { framing, framingNames } from '../framing.ts';
import { exportDialect } from '../import/dialect-json.ts';
import { parseTlv } from '../tlv.ts';
import { richMessageOf } from './arbitrary.ts';
import { attacker, mutated } from './attack.ts';
import { anyDialect } from './axes.ts';

/**
 * `npm run fuzz -- [--seconds N] [--seed N]`: random, mutated and truncated bytes against every dialect, against
 * dialects drawn from all axes, every framing and the TLV reader.
 * What breaks is written to messages/testdata/crashers/ and replayed by the tests for ever.
 */

const HELP = `npm run fuzz -- [--seconds N] [--seed N]

Random, mutated and truncated bytes against every dialect, every framing and the TLV reader. Exits 1 where one of them
throws what is no error of the codec; the input is kept under messages/testdata/crashers/.

  --seconds N   how long         (60)
  --seed N      where it begins  (by the clock; it is printed)
  --help        this page
  --version     the release

Example: npm run fuzz -- --seconds 10 --seed 7`;
const SLOWEST_MS = 1_000;
const LONGEST_S = 86_400;
const LAST_SEED = 2 ** 31 - 1;

let random = randomFrom(0);
let tried = 0;
let crashes = 0;

await runTool({ name: 'npm run fuzz --', args: process.argv.slice(2) }, main);

function main(args: readonly string[]): number {
  const text = { type: 'string' } as const;
  const options = { seconds: text, seed: text, help: { type: 'boolean', default: false } } as const;
  const { values } = parseArgs({ args: [...args], options });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const seconds = wholeNumber('--seconds', values.seconds ?? '60', LONGEST_S);
  attack(wholeNumber('--seed', values.seed ?? String(Date.now() % LAST_SEED), LAST_SEED), seconds);
  return crashes > 0 ? 1 : 0;
}

function wholeNumber(option: string, given: string, most: number): number {
  if (/^\d{1,10}$/.test(given) && Number(given) <= most) return Number(given);
  throw new Error(`${option} is a whole number from 0 to ${most}`);
}

function attack(seed: number, seconds: number): void {
  random = randomFrom(seed);
  const until = Date.now() + seconds * 1_000;
  console.log(`seed ${seed}`);
  for (let round = 0; Date.now() < until; round++) {
    const drawn = fc.sample(anyDialect(), { seed: seed + round, numRuns: 5 });
    for (const dialect of [...Object.values(dialects), ...drawn]) {
      attackDialect(dialect, seed + round);
      attackReaders();
    }
  }
  console.log(
    `${tried} inputs, ${crashes} crashes, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB resident`,
  );
}

function attackDialect(dialect: Dialect, roundSeed: number): void {
  const codec = compile(dialect);
  const target = attacker(dialect);
  for (const message of fc.sample(richMessageOf(dialect), { seed: roundSeed, numRuns: 5 })) {
    const good = codec.pack(message as never);
    guard(dialect.name, good, () => target.warm(good), dialect);
    for (let i = 0; i < 60; i++) {
      const bytes = i === 0 ? good : i < 50 ? mutated(good, random) : noise(400);
      guard(dialect.name, bytes, () => target.try(bytes), dialect);
    }
  }
}

function attackReaders(): void {
  const bytes = noise(300);
  guard('tlv', bytes, () => onlyOurError(() => parseTlv(bytes)));
  for (const name of framingNames) {
    guard(`framing-${name}`, bytes, () =>
      onlyOurError(() => {
        const reader = framing(name).reader({ maxFrameBytes: 4096 });
        for (let at = 0; at < bytes.length; at += 7) reader.push(bytes.subarray(at, at + 7), () => {});
      }),
    );
  }
}

function onlyOurError(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof IsoError)) throw error;
  }
}

function guard(name: string, bytes: Buffer, action: () => void, dialect?: Dialect): void {
  tried++;
  const start = process.cpuUsage();
  try {
    action();
    const { user, system } = process.cpuUsage(start);
    if (user + system > SLOWEST_MS * 1000) {
      throw new Error(`took more than ${SLOWEST_MS} ms of processor time`);
    }
  } catch (error) {
    crashes++;
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
    const file = (ending: string) =>
      new URL(`../testdata/crashers/${name}.${hash}.${ending}`, import.meta.url);
    writeFileSync(file('hex'), `${bytes.toString('hex')}\n`);
    if (dialect && !Object.hasOwn(dialects, name)) {
      writeFileSync(file('dialect.json'), exportDialect(dialect));
    }
    console.error(`${name} ${hash}: ${error instanceof Error ? error.message : error}`);
  }
}

function noise(longest: number): Buffer {
  return Buffer.from(
    Array.from({ length: Math.floor(random() * longest) }, () => Math.floor(random() * 256)),
  );
}

/** A small generator whose every run can be repeated (mulberry32, public domain). */
function randomFrom(start: number): () => number {
  let state = start | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
