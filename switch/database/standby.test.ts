import { expect, test } from 'vitest';
import { problemOf } from './standby.ts';

const WELL = { commit: 'on', names: 'ANY 1 (s1, s2)', standbys: 1 };

test.each([
  [WELL, undefined],
  [{ ...WELL, commit: 'remote_apply' }, undefined],
  [{ ...WELL, names: ' ' }, 'synchronous_standby_names is empty: no commit waits for a standby'],
  [{ ...WELL, commit: 'local' }, 'synchronous_commit is local: no commit waits for a standby'],
  [
    { ...WELL, standbys: 0 },
    'none of synchronous_standby_names (ANY 1 (s1, s2)) is connected: commits wait for one',
  ],
])('%j', (replication, problem) => {
  expect(problemOf(replication)).toBe(problem);
});
