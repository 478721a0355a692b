import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SimulatorError, simulatorErrors } from './errors.ts';

const page = readFileSync(join(import.meta.dirname, '../docs/simulators.md'), 'utf8');

test.each(Object.keys(simulatorErrors))('%s has its section in docs/simulators.md', (code) => {
  expect(page).toContain(`### ${code}\n`);
});

test('an error fills its template from its details', () => {
  const error = new SimulatorError('SIM_TERMINAL_NO_ANSWER', { peer: '127.0.0.1:8583', limit: 500 });
  expect(error.message).toBe('127.0.0.1:8583 did not answer within 500 ms');
});
