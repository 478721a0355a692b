import type { ListenerSettings } from '../config/settings.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';

/** What a terminal or acquirer can ask for by an 0800. */
export type ManagementService = 'sign-on' | 'sign-off' | 'echo' | 'key-download' | 'key-confirmation';

interface ManagementCode {
  readonly element: 'de3' | 'de70';
  readonly code: string;
  readonly service: ManagementService;
}

const on = (
  element: ManagementCode['element'],
  codes: Readonly<Record<string, ManagementService>>,
): ManagementCode[] => Object.entries(codes).map(([code, service]) => ({ element, code, service }));

/** ISO 8583:1987, network management information code. */
const COMMON = on('de70', { '001': 'sign-on', '002': 'sign-off', '301': 'echo' });

const BY_PROCESSING_CODE = [
  ...COMMON,
  ...on('de3', { '920000': 'key-download', '930000': 'key-confirmation' }),
];

/**
 * How each dialect says it. Key change is 101 to 199 in DE70 of ISO 8583:1987; terminals that write BCD commonly say it
 * by processing code, as they do everything. An acquirer's host has no keys of its own here.
 */
const CODES: Readonly<Record<ListenerSettings['dialect'], readonly ManagementCode[]>> = {
  'iso87-ascii': [...COMMON, ...on('de70', { '101': 'key-download', '102': 'key-confirmation' })],
  'iso87-bcd': BY_PROCESSING_CODE,
  'pos-bcd': BY_PROCESSING_CODE,
  'iso87-ascii-hex': COMMON,
};

export function managementService(
  { dialect }: Pick<ListenerSettings, 'dialect'>,
  message: Pick<TerminalMessage, 'de3' | 'de70'>,
): ManagementService | undefined {
  return CODES[dialect].find(({ element, code }) => message[element] === code)?.service;
}
