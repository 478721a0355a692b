/**
 * `npm run leak-scan`: looks whether anything secret stays where it does not belong. Exits 0 where nothing does, 1
 * where something does or was not searched, 2 where it was called with something that makes no sense.
 */
import { assertPinnedNode } from '../deploy/assert-node.ts';
import { explain } from '../runtime/index.ts';
import { ALLOWED } from './allowed.ts';
import { type Options, readOptions } from './options.ts';
import { counts, judge, summary, table } from './report.ts';
import { type RunResult, runScan } from './run.ts';

// Nobody reads on: everything is taken down, as at Ctrl-C.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => process.emit('SIGTERM', 'SIGTERM'));
}
process.exitCode = await main(process.argv);

async function main(argv: readonly string[]): Promise<number> {
  assertPinnedNode();
  const options = readOptions(argv);
  if (options.allowed) {
    printAllowed(options);
    return 0;
  }
  try {
    return print(await runScan({ isShort: options.short, seed: options.seed, say }), options);
  } catch (error) {
    console.error(`npm run leak-scan: ${explain(error)}`);
    return 1;
  }
}

function say(line: string): void {
  process.stderr.write(`  ${line}\n`);
}

function print(result: RunResult, { json, seed, known: mayBeKnown }: Options): number {
  const { leaks, known, allowed, apart } = judge(result.findings);
  const isClean = leaks.length === 0 && known.length === 0 && result.problems.length === 0;
  const isGood = isClean || (mayBeKnown && leaks.length === 0 && result.problems.length === 0);
  if (json) {
    const { bytes, sources, canaries, problems, seconds } = result;
    const read = Object.fromEntries(
      [...bytes].map(([place, count]) => [place, { bytes: count, sources: sources.get(place) }]),
    );
    console.log(
      JSON.stringify({
        clean: isClean,
        seed,
        seconds,
        canaries,
        read,
        problems,
        leaks,
        known,
        allowed,
        apart,
      }),
    );
    return isGood ? 0 : 1;
  }
  console.log(summary(result));
  if (apart.length > 0) console.log(`\nat work, in memory only:\n${counts(apart)}`);
  if (allowed.length > 0) console.log(`\nallowed (--allowed says why):\n${counts(allowed)}`);
  for (const problem of result.problems) console.log(`✗ ${problem}`);
  if (known.length > 0) console.log(`\n✗ known, and not mended yet:\n${counts(known)}`);
  if (leaks.length > 0) console.log(`\n✗ what must not be there:\n${counts(leaks)}\n\n${table(leaks)}`);
  console.log(
    isClean ? '\n✓ nothing is where it must not be' : `\n✗ not clean; --seed ${seed} sends the same cards`,
  );
  return isGood ? 0 : 1;
}

function printAllowed({ json }: Options): void {
  for (const { place, source, kinds, why, isApart = false } of ALLOWED) {
    const row = { place, source: source.source, kinds, why, isApart };
    console.log(json ? JSON.stringify(row) : `${place}, ${source.source}: ${kinds.join(', ')}\n  ${why}`);
  }
}
