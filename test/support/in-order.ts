type Tasks = { shuffle?: boolean; readonly type?: string; readonly tasks?: readonly Tasks[] };

/**
 * For a file that is one story on one installation: a day and its settlement, an audit before and after a fault. Its
 * tests run as they are written, also where all others are shuffled: `beforeAll(inOrder)`.
 */
// biome-ignore lint/correctness/noEmptyPattern: vitest demands a pattern in the first place.
export function inOrder({}: object, file: unknown): void {
  keep(file as Tasks);
}

function keep(suite: Tasks): void {
  suite.shuffle = false;
  for (const each of suite.tasks ?? []) if (each.type === 'suite') keep(each);
}
