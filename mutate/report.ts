import { MUTANT_KINDS, type Mutant, type MutantKind } from './mutant.ts';
import type { Verdict } from './report-file.ts';

/** A mutant with what came of it. */
export interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

export interface Score {
  readonly tried: number;
  readonly noticed: number;
  readonly percent: number;
  readonly bySeeds: number;
  readonly byTests: number;
  readonly byCompiler: number;
}

export function scoreOf(judged: readonly Judged[]): Score {
  const by = (fits: (name: string) => boolean) =>
    judged.filter(({ verdict: { noticedBy } }) => noticedBy !== undefined && fits(noticedBy)).length;
  const noticed = by(() => true);
  return {
    tried: judged.length,
    noticed,
    percent: judged.length === 0 ? 100 : Math.round((noticed * 1_000) / judged.length) / 10,
    bySeeds: by((name) => name.startsWith('seed ') || name === 'loading'),
    byTests: by((name) => name.endsWith('.test.ts')),
    byCompiler: by((name) => name === 'compiler'),
  };
}

export function mutantText({ id, file, line, kind, code, was, becomes }: Mutant): string {
  return `${id} ${file}:${line} ${kind}: ${was} → ${becomes}\n         ${code}`;
}

export function verdictText({ mutant, verdict }: Judged): string {
  const { noticedBy, what = '', ms, isReached } = verdict;
  const seconds = `${(ms / 1_000).toFixed(1)} s`;
  if (noticedBy) return `noticed  ${mutantText(mutant)}\n         by ${noticedBy} (${seconds}): ${what}`;
  return `SURVIVED ${mutantText(mutant)}\n         ${isReached ? 'come by, and not noticed' : 'nothing comes by'} (${seconds})`;
}

/** How many of each kind were noticed, and what survived. */
export function summaryText(judged: readonly Judged[]): string {
  const { tried, noticed, percent, bySeeds, byTests, byCompiler } = scoreOf(judged);
  const kinds = Object.keys(MUTANT_KINDS) as MutantKind[];
  const rows = kinds.flatMap((kind) => {
    const own = judged.filter(({ mutant }) => mutant.kind === kind);
    const score = scoreOf(own);
    return own.length === 0 ? [] : [`  ${kind.padEnd(10)} ${score.noticed} of ${score.tried}`];
  });
  return [
    `${noticed} of ${tried} noticed, ${percent} %: ${bySeeds} by seeds, ${byTests} by tests, ${byCompiler} by the compiler`,
    ...rows,
  ].join('\n');
}
