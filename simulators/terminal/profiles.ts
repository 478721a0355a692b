import {
  type Codec,
  compile,
  type Framing,
  framing,
  iso87Ascii,
  iso87AsciiHex,
  type Message,
  posBcd,
} from '../../messages/index.ts';

/** The three dialects lay out the same data elements, so one message type fits all. */
export type TerminalMessage = Message<typeof iso87Ascii>;
export type TerminalDialect = 'iso87-ascii' | 'pos-bcd' | 'iso87-ascii-hex';

/** How a kind of counterpart talks: its bytes, and whether it holds a PIN and a MAC key. */
export interface Profile {
  dialect: TerminalDialect;
  codec: Codec<TerminalMessage>;
  framing: Framing;
  /** Sent with every frame, where the framing has a header. */
  frameHeader?: Buffer;
  defaultPort: number;
  /** A terminal has a TPK and a TAK; an acquirer's host on a private link has neither. */
  secured: boolean;
  /** How a terminal asks for new keys in an 0800, and tells that it has them. */
  keyManagement?: { request: ManagementElement; confirmation: ManagementElement };
}

type ManagementElement = Pick<TerminalMessage, 'de3' | 'de70'>;

/** TPDU: 60, destination NII 0001, source 0000. */
const TPDU = Buffer.from('6000010000', 'hex');

export const profiles: Readonly<Record<TerminalDialect, Profile>> = {
  'iso87-ascii': {
    dialect: 'iso87-ascii',
    codec: compile(iso87Ascii),
    framing: framing('length-2'),
    defaultPort: 8_583,
    secured: true,
    keyManagement: { request: { de70: '101' }, confirmation: { de70: '102' } },
  },
  'pos-bcd': {
    dialect: 'pos-bcd',
    codec: compile(posBcd),
    framing: framing('length-2-tpdu'),
    frameHeader: TPDU,
    defaultPort: 8_584,
    secured: true,
    keyManagement: { request: { de3: '920000' }, confirmation: { de3: '930000' } },
  },
  'iso87-ascii-hex': {
    dialect: 'iso87-ascii-hex',
    codec: compile(iso87AsciiHex),
    framing: framing('length-4-ascii'),
    defaultPort: 8_586,
    secured: false,
  },
};

export const terminalDialects = Object.keys(profiles) as TerminalDialect[];
