import type { Dialect, Field } from '../dialect.ts';
import { layout } from '../layout.ts';
import { iso87 } from '../standards/iso87.ts';

/**
 * SmartVista rows name no fields: ISO 8583:1987 in ASCII with binary bitmaps, where the date and time of DE12 are
 * together, DE14 has a day, DE39 three digits, and bytes stand behind lengths of BCD digits (public description of the
 * juks gateway's smartVista packager).
 */
export function bindSmartVista(): Dialect[] {
  return [
    {
      name: 'smartvista',
      description: '',
      conformant: false,
      mti: { encoding: 'ascii' },
      bitmap: { encoding: 'binary' },
      fields: {
        ...layout(iso87, { digits: 'ascii', text: 'ascii', binary: 'binary', length: 'ascii' }),
        12: digits('Date and time, local transaction', 12),
        14: digits('Date, expiration', 6),
        39: digits('Response code', 3),
        41: digits('Terminal', 8),
        42: digits('Merchant', 15),
        46: text('Amount, fees', 3),
        52: bytes('PIN', 8, 2),
        54: text('Additional amounts', 3),
        55: bytes('Chip data', 255, 4),
      },
    },
  ];
}

function digits(name: string, fixed: number): Field {
  return { name, content: 'n', encoding: 'ascii', length: { fixed } };
}

function text(name: string, width: number): Field {
  return { name, content: 'ans', encoding: 'ascii', length: { prefix: 'ascii', width, max: 999 } };
}

function bytes(name: string, max: number, width: number): Field {
  return { name, content: 'b', encoding: 'binary', length: { prefix: 'bcd', width, max } };
}
