import type { SourceMutant } from './source-mutant.ts';

/** What is decided at the door: what may be believed, what is read, who may be refused. */
export const OF_DOOR: readonly SourceMutant[] = [
  {
    name: 'wrong-seal-answered',
    removes: 'the refusal to seal what answers a wrong MAC',
    file: 'switch/admission/prove.ts',
    find: '  if (reason instanceof Refusal && NOT_TO_BE_PROVEN.has(reason.code)) return undefined;\n',
    put: `  if (reason instanceof Refusal && reason.code === 'SW_MAC_WRONG') {
    return ports.directory.terminal(received.message.de41 ?? '', received.message.de42);
  }
`,
  },
  {
    name: 'letters-of-terminals',
    removes: 'the patience with letters that nobody needs in what terminals send',
    file: 'switch/serve/listener-codec.ts',
    find: 'const elements = listenerElementPolicies(listener);\n  const around',
    put: 'const elements: Record<number, ElementPolicy> = {};\n  const around',
  },
  {
    name: 'letters-of-networks',
    removes: 'the patience with letters that nobody needs in what networks answer',
    file: 'connectors/link/tolerated.ts',
    find: '{ elements: linkElementPolicies(dialect, chosen), leavesOut: false }',
    put: '{ elements: {}, leavesOut: false }',
  },
  {
    name: 'garbled-chip',
    removes: 'the look at chip data: what is none goes to the network as it came',
    file: 'switch/requests/understand.ts',
    find: 'message.de55 && isTlv(message.de55) ? message.de55 : undefined',
    put: 'message.de55',
  },
  {
    name: 'stale-notices',
    removes: 'the difference between what opens legs and what tells of the past: both are held to their DE7',
    file: 'switch/requests/understand.ts',
    find: "  const stan = required(message.de11, 'DE11');\n",
    put: `  const stan = required(message.de11, 'DE11');
  const today = transmissionTime(clock).slice(0, 4);
  const opensLegs = ['0100', '0200'].includes(withoutRepeat(message.mti));
  const isOfToday = (message.de7 ?? today).slice(0, 4) === today;
  if (!opensLegs && !isOfToday) throw new Refusal('SW_STALE');
`,
  },
  {
    name: 'unchecked-mac',
    removes: 'the refusal of what comes with a wrong MAC',
    file: 'switch/keys/terminal-keys.ts',
    find: "return opened.mac === 'right' ? opened : undefined;",
    put: `if (opened.mac === 'right') return opened;
    return { ...(await this.#parts.hsm.openRequest(work)), mac: 'right' as const, fitted: 0 };`,
  },
  {
    name: 'first-refused-beside-its-copy',
    removes: 'the silence towards a first request whose copy was let in',
    file: 'switch/admission/sent-before.ts',
    find: '    if (known && known.copies > 0) return false;\n',
    put: '',
  },
  {
    name: 'few-currencies',
    removes: 'the currencies of ISO 4217 beyond a few',
    file: 'switch/config/currency.ts',
    find: '/^\\d{3}$/.test(number)',
    put: "['978', '826', '840', '392', '756'].includes(number)",
  },
];
