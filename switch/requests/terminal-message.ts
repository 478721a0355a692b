import type { iso87Ascii, Message } from '../../messages/index.ts';

/** The data elements that terminals and acquirers exchange with the switch. */
type Elements =
  | 'de2'
  | 'de3'
  | 'de4'
  | 'de7'
  | 'de11'
  | 'de12'
  | 'de13'
  | 'de14'
  | 'de18'
  | 'de22'
  | 'de23'
  | 'de24'
  | 'de25'
  | 'de32'
  | 'de33'
  | 'de35'
  | 'de37'
  | 'de38'
  | 'de39'
  | 'de41'
  | 'de42'
  | 'de45'
  | 'de49'
  | 'de52'
  | 'de53'
  | 'de54'
  | 'de55'
  | 'de60'
  | 'de62'
  | 'de63'
  | 'de64'
  | 'de70'
  | 'de74'
  | 'de75'
  | 'de76'
  | 'de77'
  | 'de86'
  | 'de87'
  | 'de88'
  | 'de89'
  | 'de90'
  | 'de95'
  | 'de128';

/**
 * A message of a terminal or acquirer, in any ISO 8583:1987 dialect the switch listens in. Dialects differ in bytes,
 * not in meaning: this is what the rest of the switch sees.
 */
export type TerminalMessage = Pick<Message<typeof iso87Ascii>, 'mti' | Elements>;

/** The bytes that a message's MAC covers, and the MAC itself. */
export interface Sealed {
  readonly covered: Buffer;
  readonly mac: Buffer;
}
