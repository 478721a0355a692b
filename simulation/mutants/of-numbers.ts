import type { SourceMutant } from './source-mutant.ts';

/** What the switch is known by to a network, and what is no network's fault. */
export const OF_NUMBERS: readonly SourceMutant[] = [
  {
    name: 'numbers-of-another-reversal',
    removes: 'new numbers for another reversal of the same payment',
    file: 'switch/follow-up/reversal-numbers.ts',
    find: 'const numbers = found ?? (isFirst ? original : nextNumbers(network, ports));',
    put: 'const numbers = found ?? original;',
  },
  {
    name: 'own-numbers',
    removes: "numbers of the switch's own: a network hears what the terminal counts",
    file: 'switch/transaction/network-facts.ts',
    find: 'if (networkRrn === undefined) return facts;',
    put: 'if (networkRrn !== networkStan) return facts;',
  },
  {
    name: 'own-fault',
    removes: 'the difference between a network that is away and a message that it has no words for',
    file: 'switch/serve/authorise.ts',
    find: "if (outcome.status === 'unreachable') return standInFirst(outcome, opening, payment, ports);",
    put: "if (outcome.status) return standInFirst({ ...outcome, status: 'unreachable' }, opening, payment, ports);",
  },
  {
    name: 'numbers-of-the-network',
    removes: "the terminal's own retrieval reference in what it is answered: it gets the network's",
    file: 'switch/transaction/reply-fields.ts',
    find: '  const { rrn } = facts;\n  const emvHex',
    put: "  const { rrn } = { ...facts, ...('networkRrn' in facts && { rrn: facts.networkRrn }) };\n  const emvHex",
  },
  {
    name: 'half-open-line',
    removes: 'the echo by which a line is found to be dead at whose other end nobody is',
    file: 'connectors/link/line-watch.ts',
    find: '    this.stop();\n    this.#line.dead();\n',
    put: '    this.stop();\n',
  },
  {
    name: 'search-in-turn',
    removes: 'the turn of a search that comes beside another: nothing is asked for it',
    file: 'switch/requests/recent-numbers.ts',
    find: 'if (this.#waiting.length >= MOST_WAITING) return undefined;',
    put: 'if (this.#waiting.length >= 0) return undefined;',
    test: 'switch/requests/recent-numbers.test.ts',
  },
];
