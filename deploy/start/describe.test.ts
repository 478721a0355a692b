import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadStartConfig } from '../config/load.ts';
import { describeSystem } from './describe.ts';

const page = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const { ports, simulators } = loadStartConfig(undefined, {});

/** What a start says of itself where nothing was configured. */
function listing(): string[] {
  const printed: string[] = [];
  const system = {
    ports,
    gatewayUrl: `http://127.0.0.1:${ports.gateway}`,
    adminUrl: `http://127.0.0.1:${ports.admin}`,
    statusUrl: `http://127.0.0.1:${ports.status}/status`,
    workerStatusUrl: 'http://127.0.0.1:43255/status',
    visa: address(simulators.visa, simulators.visaControl),
    iso87: address(simulators.iso87, simulators.iso87Control),
    pop: {
      apiUrl: `http://127.0.0.1:${simulators.pop}/api/v1`,
      controlUrl: `http://127.0.0.1:${simulators.popControl}`,
    },
    pids: () => ({}),
  };
  describeSystem(system, { say: (line) => void printed.push(line), step: (_, work) => work() });
  return printed.join('\n').trim().split('\n');
}

function address(port: number, control: number) {
  return { host: '127.0.0.1', port, controlUrl: `http://127.0.0.1:${control}` };
}

test('README shows what a start prints, line by line', () => {
  expect(page).toContain(`\n${listing().join('\n')}\n`);
});

test('its table names each listener by the port that it has', () => {
  const rows = [...page.matchAll(/^\| (\d+) +\|/gm)].map(([, port]) => Number(port));
  const { iso87, pos, acquirer, tls, gateway, admin } = ports;
  expect(rows).toEqual([iso87, pos, acquirer, tls, gateway, admin]);
});
