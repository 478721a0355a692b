import { type Coverage, type FileCoverage, TARGET } from './coverage.ts';

/** So many branches of a file are named. */
const NAMED = 4;
const MAX_TEXT = 70;

/** What a campaign reached, and what it did not, as lines of text. */
export function coverageText(coverage: Coverage): string {
  const { share, strict, whole, branches, reached, functions, entered, excused, files, neverLoaded } =
    coverage;
  const below = files
    .filter((file) => shareOf(file) < TARGET || file.entered < file.functions)
    .sort((a, b) => b.missed.length - a.missed.length);
  const listed =
    excused > 0 ? `; ${excused} that no seed can reach are left out, with them it is ${percent(strict)}` : '';
  return [
    `coverage: ${percent(share)} of the ${branches} branches of functions that were entered, in ${files.length} files; ${branches - reached} missed${listed}`,
    `  ${entered} of ${functions} functions were entered; with all branches of the others it is ${percent(whole)}`,
    ...(below.length > 0 ? ['', `files below ${percent(TARGET)}, or with functions never entered:`] : []),
    ...below.flatMap(fileLines),
    '',
    `files of the core that the simulation never loads (${neverLoaded.length}):`,
    ...byFolder(neverLoaded),
  ].join('\n');
}

function fileLines(file: FileCoverage): string[] {
  const shown = file.missed.slice(0, NAMED);
  const more = file.missed.length - shown.length;
  return [
    `  ${percent(shareOf(file)).padStart(6)} ${file.file} (${file.reached} of ${file.branches})`,
    ...shown.map(({ line, kind, text }) => `           ${line}: ${kind}: ${text.slice(0, MAX_TEXT)}`),
    ...(more > 0 ? [`           and ${more} more`] : []),
  ];
}

function byFolder(files: readonly string[]): string[] {
  const folders = new Map<string, string[]>();
  for (const file of files) {
    const cut = file.lastIndexOf('/');
    const folder = file.slice(0, cut);
    folders.set(folder, [...(folders.get(folder) ?? []), file.slice(cut + 1)]);
  }
  return [...folders].map(([folder, names]) => `  ${folder}: ${names.join(', ')}`);
}

function shareOf({ branches, reached }: FileCoverage): number {
  return branches === 0 ? 1 : reached / branches;
}

export function percent(share: number): string {
  return `${(Math.floor(share * 1_000) / 10).toFixed(1)} %`;
}
