import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeCommand, encodeCommand } from '../index.ts';

const folder = mkdtempSync(join(tmpdir(), 'messages-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(make: typeof decodeCommand, args: string[], input = '') {
  const result = { out: '', err: '', failed: false };
  const command = make({
    out: (text) => {
      result.out += text;
    },
    err: (text) => {
      result.err += text;
    },
    input: () => input,
    fail: () => {
      result.failed = true;
    },
  });
  command.exitOverride();
  command.parse(args, { from: 'user' });
  return result;
}
const decode = (args: string[], input?: string) => run(decodeCommand, args, input);
const encode = (args: string[], input?: string) => run(encodeCommand, args, input);

const echo = '303830308220000000000000040000000000000031313233313830353031303030303434333031';
const pan = '4242424242424242';
const chip = `5A08${pan}9F36020015`;
const purchase = {
  mti: '0110',
  fields: { 2: pan, 4: '000000002500', 39: '51', 52: '1122334455667788', 55: chip, 64: '8899AABBCCDDEEFF' },
};
const purchaseHex = encode([JSON.stringify(purchase)]).out;

describe('decode', () => {
  test('shows a table with names, masked values, tags and response codes', () => {
    expect(decode([purchaseHex]).out).toMatchInlineSnapshot(`
      "0110  authorisation request response, acquirer (1987)  [iso87-ascii]
      DE2       Primary account number                       424242******4242
      DE4       Amount, transaction                          000000002500
      DE39      Response code                                51  insufficient funds
      DE52      PIN data                                     ***PIN block***
      DE55      Integrated circuit card data                 (15 bytes)
        5A      Application primary account number           (8 bytes)
        9F36    Application transaction counter              0015
      DE64      Message authentication code                  8899AABBCCDDEEFF"
    `);
  });

  test('prints JSON, masked unless told', () => {
    expect(JSON.parse(decode(['--json', echo]).out)).toEqual({
      mti: '0800',
      fields: { 7: '1123180501', 11: '000044', 70: '301' },
    });
    expect(decode(['--json', purchaseHex]).out).not.toContain(pan);
    expect(JSON.parse(decode(['--json', '--reveal', purchaseHex]).out)).toEqual(purchase);
  });

  test('reads standard input, white space and a frame', () => {
    const framed = `00 1c\n08008220000000000000040000000000000011231805010000440301`;
    expect(decode(['--dialect', 'pos-bcd', '--framing', 'length-2', '--json'], framed).out).toContain(
      '"0800"',
    );
  });

  test('shows what differs', () => {
    const other = encode([
      JSON.stringify({ ...purchase, fields: { ...purchase.fields, 2: '5555555555554444', 38: 'A1B2C3' } }),
    ]).out;
    expect(decode(['--diff', purchaseHex, other]).out).toMatchInlineSnapshot(`
      "DE2       Primary account number                       424242******4242 → 555555******4444
      DE38      Authorization identification response        (absent) → A1B2C3"
    `);
    expect(decode(['--diff', echo, echo]).out).toBe('no difference');
  });

  test('reads a jPOS packager and a moov specification', () => {
    const packager = join(folder, 'packager.xml');
    writeFileSync(
      packager,
      '<isopackager><isofield id="0" length="4" class="IFA_NUMERIC"/><isofield id="1" length="16" class="IFB_BITMAP"/>' +
        '<isofield id="11" length="6" class="IFA_NUMERIC"/></isopackager>',
    );
    expect(
      decode(['--jpos-packager', packager, '--json', '303830300020000000000000303030303434']).out,
    ).toContain('000044');
    const spec = join(folder, 'spec.json');
    const fixed = { enc: 'ASCII', prefix: 'ASCII.Fixed' };
    writeFileSync(
      spec,
      JSON.stringify({
        fields: {
          0: { type: 'String', length: 4, ...fixed },
          1: { type: 'Bitmap', length: 8, enc: 'Binary', prefix: 'Binary.Fixed' },
          11: { type: 'String', length: 6, ...fixed },
        },
      }),
    );
    expect(decode(['--moov-spec', spec, '--json', '303830300020000000000000303030303434']).out).toContain(
      '000044',
    );
  });

  test('bad input is explained to people, the wrong byte under a caret', () => {
    const { err, failed, out } = decode([echo.slice(0, -2)]);
    expect([failed, out]).toEqual([true, '']);
    expect(err).toMatchInlineSnapshot(`
      "ISO_TRUNCATED DE70 at byte 36: expected 3 bytes, found 2
      byte 32: 30 30 34 34 33 **
                           ^"
    `);
  });

  test('with --json bad input ends in one object, and shows no card data', () => {
    const { err, failed } = decode(['--json', echo.slice(0, -2)]);
    expect(failed).toBe(true);
    const { error } = JSON.parse(err) as { error: Record<string, unknown> };
    expect(error).toMatchObject({
      code: 'ISO_TRUNCATED',
      path: 'DE70',
      offset: 36,
      partial: { mti: '0800' },
    });
    expect(error['explanation']).toMatch(/byte 32: 30 30 34 34 33 \*\*\n +\^/);
    const broken = decode([
      purchaseHex.replace(Buffer.from(pan).toString('hex'), `${Buffer.from(pan.slice(1)).toString('hex')}58`),
    ]);
    expect(broken.err).not.toContain(pan.slice(0, 8));
    expect(broken.err).not.toContain(Buffer.from(pan.slice(0, 8)).toString('hex'));
  });

  test.each([
    ['no hex', ['xyz'], 'ISO_VALUE'],
    ['an unknown dialect', ['--dialect', 'klingon', echo], 'ISO_DIALECT'],
    ['an unknown framing', ['--framing', 'pigeon', echo], 'ISO_DIALECT'],
    ['two dialects', ['--dialect', 'pos-bcd', '--moov-spec', 'x.json', echo], 'ISO_DIALECT'],
    ['a file that is not there', ['--moov-spec', join(folder, 'none.json'), echo], 'INPUT'],
    ['one message to compare', ['--diff', echo], 'ISO_VALUE'],
    ['half a frame', ['--framing', 'length-2', '0005ff'], 'ISO_TRUNCATED'],
  ])('%s is told in a line, and with --json as one object', (_, args, code) => {
    const told = decode(args);
    expect([told.failed, told.out]).toEqual([true, '']);
    expect(told.err).toMatch(/^[^{\n]+$/);
    const { err, failed, out } = decode(['--json', ...args]);
    expect([failed, out]).toEqual([true, '']);
    expect(JSON.parse(err)).toMatchObject({ error: { code } });
  });
});

describe('encode', () => {
  test('writes hex, framed when asked', () => {
    const json = '{"mti":"0800","fields":{"7":"1123180501","11":"000044","70":"301"}}';
    expect(encode([json]).out).toBe(echo.toUpperCase());
    expect(encode(['--dialect', 'pos-bcd', '--framing', 'length-2'], json).out).toMatch(/^001C0800/);
  });

  test.each([
    ['no JSON', 'nope'],
    ['no fields', '{"mti":"0800"}'],
    ['an unknown field', '{"mti":"0800","fields":{"65":"1"}}'],
    ['a masked card number', '{"mti":"0100","fields":{"2":"424242******4242"}}'],
    ['a number for a string', '{"mti":"0800","fields":{"11":44}}'],
    ['a part that is not defined', '{"mti":"0800","fields":{"48":{"x":"1"}}}'],
    ['null', 'null'],
  ])('%s is told in a line, and with --json as one object', (_, json) => {
    expect(encode([json]).err).toMatch(/^[^{\n][^\n]*$/);
    const { err, failed } = encode(['--json', json]);
    expect(failed).toBe(true);
    expect(JSON.parse(err)).toHaveProperty('error.code');
  });
});

describe('the examples in the help', () => {
  test.each([
    ['decode', decodeCommand],
    ['encode', encodeCommand],
  ] as const)('of %s work when pasted', (_, make) => {
    const help: string[] = [];
    const command = make();
    command.configureOutput({ writeOut: (text) => help.push(text) });
    command.outputHelp();
    const lines = help
      .join('')
      .split('\n')
      .filter((line) => line.trim().startsWith('$ '));
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      let piped = '';
      for (const stage of line.replace(/^\s*\$ /, '').split(' | ')) {
        const [program = '', name, ...args] = words(stage.replace(/^npx /, ''));
        if (program === 'echo') piped = name ?? '';
        else {
          const result = run(name === 'decode' ? decodeCommand : encodeCommand, args, piped);
          expect(result.err).toBe('');
          piped = result.out;
        }
      }
      expect(piped).not.toBe('');
    }
  });
});

/** Splits like a shell, single quotes only. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

describe('peers that fill up odd numbers otherwise', () => {
  const packager = join(folder, 'filler.xml');
  writeFileSync(
    packager,
    `<isopackager><isofield id="0" length="4" pad="true" class="IFB_NUMERIC"/><isofield id="1" length="8" class="IFB_BITMAP"/>
    <isofield id="35" length="37" pad="false" class="IFB_LLNUM"/></isopackager>`,
  );
  const track = '0200000000002000000037424242424242424ZD30122010000000000000'.replace('Z', '2');

  test('what was read is written with the filler of the peer', () => {
    const read = decode(['--jpos-packager', packager, '--json', '--reveal', `${track}F`]).out;
    expect(JSON.parse(read).fields).toEqual({ 35: '4242424242424242=30122010000000000000' });
    expect(encode(['--jpos-packager', packager, '--odd-filler', 'f'], read).out).toBe(`${track}F`);
    expect(encode(['--jpos-packager', packager], read).out).toBe(`${track}0`);
  });

  test('--accept lets pass what is refused otherwise', () => {
    const wrong = ['--dialect', 'iso87-bcd', '--json', '02000000040000000000007E'];
    expect(decode(wrong).err).toContain('ISO_PAD');
    for (const accepted of ['pad-nibbles', 'content, pad-nibbles', 'all']) {
      expect(JSON.parse(decode(['--accept', accepted, ...wrong]).out).fields).toEqual({ 22: '007' });
    }
  });

  test.each([
    [['--accept', 'anything', echo], 'accept'],
    [['--odd-filler', 'G', echo], 'odd filler'],
  ])('%j is refused', (args, path) => expect(decode([...args, '--json']).err).toContain(`"path":"${path}"`));
});
