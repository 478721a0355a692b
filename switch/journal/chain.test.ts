import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { firstLink, lineOf, nextLink } from './chain.ts';

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

/** docs/audit.md has these very lines: whoever verifies with a program of their own begins there. */
test('the form is the one that is published', () => {
  const transaction = '01a20a0f-3f8d-77aa-a168-06c733d943da';
  const entry = {
    sequence: 7,
    transaction,
    version: 1,
    atMicros: 1_764_072_000_123_000,
    kind: 'intended',
    body: '{"amount":"10.00 €"}',
    claims: [
      ['b', 'two', transaction],
      ['a', 'one', transaction],
    ] as const,
  };
  const line = `[7,"${transaction}",1,1764072000123000,"intended","{\\"amount\\":\\"10.00 €\\"}",[["a","one","${transaction}"],["b","two","${transaction}"]]]`;
  expect(lineOf(entry)).toBe(line);
  const first = sha256('["etika-journal-chain/1","epoch",3,"node-1"]\n');
  expect(firstLink(3, 'node-1', 1)).toBe(first);
  expect(firstLink(3, 'node-1')).toBe(sha256('["etika-journal-chain/1","epoch",3,"node-1",2]\n'));
  expect(first).toBe('c38a1c913584aea1bdad34cb0dbbfb465c53cb82c9e5a08fc095359ebbb24255');
  const next = sha256(`["etika-journal-chain/1","flush","${first}"]\n${line}\n`);
  expect(nextLink(first, [line])).toBe(next);
  expect(next).toBe('09a69cda0543cd3ae51043c5a0cfb586486eaeb8392f3997f952359391bfc7bc');
});

test('no line feed of a body can pass for the end of a line', () => {
  const entry = { sequence: 1, transaction: 't', version: 1, atMicros: 0, kind: 'k', claims: [] };
  expect(lineOf({ ...entry, body: '{\n"a": 1\n}' })).not.toContain('\n');
});
