import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
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

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const seed = Number(values.seed);
const random = randomFrom(seed);
const until = Date.now() + Number(values.seconds) * 1000;
const slowest = 1000;
console.log(`seed ${seed}`);

let tried = 0;
let crashes = 0;
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
process.exitCode = crashes > 0 ? 1 : 0;

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
    if (user + system > slowest * 1000) throw new Error(`took more than ${slowest} ms of processor time`);
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
