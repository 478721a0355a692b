import { describe, expect, it } from 'vitest';
import { Counter, purchase } from '../../test/money/core-cases.ts';
import type { KeyCheckValues, TerminalKeys } from '../keys/terminal-keys.ts';

async function confirmed(de62: string | undefined) {
  const heard: KeyCheckValues[] = [];
  const counter = new Counter({}, ({ ports: { terminalKeys } }) => {
    const confirm: TerminalKeys['confirm'] = async (terminal, sealed, computed) => {
      heard.push(computed);
      const proven = await terminalKeys.prove(terminal, sealed);
      if (!proven) throw new Error('its MAC is wrong');
      return proven.keys;
    };
    return { terminalKeys: Object.assign(Object.create(terminalKeys), { confirm }) };
  });
  const { code } = await counter.heard(purchase({ mti: '0800', de70: '102', de62 }));
  return { code, heard };
}

describe('a terminal that confirms its keys', () => {
  it('is heard with both check values, PIN key first', async () => {
    expect(await confirmed('A1B2C30D4E5F')).toEqual({
      code: '00',
      heard: [{ pin: 'A1B2C3', mac: '0D4E5F' }],
    });
  });

  it.each([undefined, '', 'A1B2C3', 'A1B2C30D4E5', 'A1B2C30D4E5F0', 'a1b2c30d4e5f', 'A1B2C30D4E5G'])(
    'is refused with DE62 %s, and nothing is recorded',
    async (de62) => {
      expect(await confirmed(de62)).toEqual({ code: '30', heard: [] });
    },
  );
});
