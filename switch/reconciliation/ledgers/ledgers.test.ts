import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ledgerSource, readNetworkLedger, readProofLedger } from './source.ts';

const folder = mkdtempSync(join(tmpdir(), 'etika-ledgers-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(text: string): string {
  const file = join(folder, 'ledger');
  writeFileSync(file, text);
  return file;
}

const HEAD = 'network,terminal,rrn,stan,transmitted,at,currency,held,captured,refunded';
const LINE = 'visa,TERM0001,632812000001,000001,1123120000,2026-11-23T12:00:00Z,978,,2500,0';
const RECORD = {
  network: 'visa',
  terminal: 'TERM0001',
  rrn: '632812000001',
  stan: '000001',
  transmitted: '1123120000',
  at: '2026-11-23T12:00:00.000Z',
  currency: '978',
  held: 0,
  captured: 2_500,
  refunded: 0,
};
const read = (text: string) => readNetworkLedger(ledgerSource(fileOf(text)));

describe("a network's ledger", () => {
  it.each([
    ['CSV', `${HEAD}\n${LINE}\n\n`],
    ['CSV of a spreadsheet', `\uFEFF${HEAD}\r\n${LINE.replace('TERM0001', '"TERM0001"')}\r\n`],
    ['JSON Lines', `\uFEFF${JSON.stringify({ ...RECORD, held: undefined })}\n`],
  ])('is read as %s', async (_, text) => expect(await read(text)).toEqual([RECORD]));

  it('is named by its source where its records name no network', async () => {
    const file = fileOf(`${HEAD.replace('network,', '')}\n${LINE.replace('visa,', '')}`);
    expect(await readNetworkLedger(ledgerSource(`iso87=${file}`))).toEqual([{ ...RECORD, network: 'iso87' }]);
    await expect(readNetworkLedger(ledgerSource(file))).rejects.toMatchObject({
      detail: { line: 2, field: 'network' },
    });
  });

  it.each([
    ['a column is misspelt', `${HEAD.replace('captured', 'catpured')}\n${LINE}`, { line: 1 }],
    ['the head is no CSV', `"${HEAD}\n${LINE}`, { line: 1 }],
    ['a line is short', `${HEAD}\nvisa,TERM0001`, { line: 2, expected: '10 cells' }],
    ['an amount is no number', `${HEAD}\n${LINE.replace('2500', '25.00')}`, { line: 2, field: 'captured' }],
    ['an amount is beyond reason', `${HEAD}\n${LINE.replace('2500', '9'.repeat(16))}`, { field: 'captured' }],
    ['a currency is none', `${HEAD}\n${LINE.replace('978', '000')}`, { field: 'currency' }],
    ['a moment is none', `${HEAD}\n${LINE.replace('2026-11-23T12:00:00Z', 'noon')}`, { field: 'at' }],
    [
      'a text is beyond reason',
      `${HEAD}\n${LINE.replace('TERM0001', 'T'.repeat(65))}`,
      { field: 'terminal' },
    ],
    ['a line is beyond reason', `${HEAD}\n${'x'.repeat(9_000)}`, { line: 2, limit: 8_192 }],
    ['JSON is broken', '{"network":"4242424242424242"', { line: 1, expected: 'a JSON object' }],
  ])('is refused where %s, and the line named', async (_, text, detail) => {
    const refused = expect(read(text)).rejects;
    await refused.toMatchObject({ code: 'SW_RECON_RECORD', detail });
    await refused.not.toThrow(/4242424242424242|TTTT|catpured/);
  });

  it('is refused where there is none', async () => {
    await expect(readNetworkLedger(ledgerSource(join(folder, 'none')))).rejects.toMatchObject({
      code: 'SW_RECON_SOURCE',
    });
    await expect(readNetworkLedger(ledgerSource('visa=http://127.0.0.1:1'))).rejects.toMatchObject({
      code: 'SW_RECON_SOURCE',
    });
    expect(() => ledgerSource('http://127.0.0.1:1')).toThrow(/NETWORK=URL/);
  });

  it('of a control port that answers something else is refused', async () => {
    const server = createServer((request, response) =>
      response.end(request.url === '/ledger' ? '{"rows":{}}' : ''),
    );
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    try {
      await expect(readNetworkLedger(ledgerSource(`visa=http://127.0.0.1:${port}`))).rejects.toMatchObject({
        code: 'SW_RECON_SOURCE',
        detail: { reason: 'it answers with no rows' },
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

it('a clearing file needs no column for what is held, and what it says of it is not heard', async () => {
  const clearing = (text: string) => readNetworkLedger(ledgerSource(fileOf(text), true));
  expect(await clearing(`${HEAD.replace('held,', '')}\n${LINE.replace(',,', ',')}`)).toEqual([RECORD]);
  expect(await clearing(`${HEAD}\n${LINE.replace(',,', ',700,')}`)).toEqual([RECORD]);
  await expect(read(`${HEAD.replace('held,', '')}\n${LINE.replace(',,', ',')}`)).rejects.toThrow(/held/);
});

it("the consensus's ledger is refused where a status is none", async () => {
  const line = {
    transaction: 't',
    validation: 'v',
    status: 'validated',
    amount: 1,
    currency: '978',
    at: RECORD.at,
  };
  expect(await readProofLedger(fileOf(JSON.stringify(line)))).toEqual([line]);
  await expect(readProofLedger(fileOf(JSON.stringify({ ...line, status: 'maybe' })))).rejects.toMatchObject({
    detail: { field: 'status' },
  });
});
