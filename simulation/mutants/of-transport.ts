import type { SourceMutant } from './source-mutant.ts';

/** What is said under TLS. The simulation has no sockets, so tests with real ones notice. */
export const OF_TRANSPORT: readonly SourceMutant[] = [
  {
    name: 'plain-text-to-the-consensus',
    removes: 'the scheme of the address that the consensus is asked at: it is asked in plain text',
    file: 'connectors/etika/http-exchange.ts',
    find: 'this.#origin = url.origin;',
    put: "this.#origin = url.origin.replace('https:', 'http:');",
    test: 'switch/node/pop-over-https.test.ts',
  },
  {
    name: 'any-certificate-of-the-consensus',
    removes: 'the look at the certificate that the consensus shows',
    file: 'connectors/etika/http-exchange.ts',
    find: 'rejectUnauthorized: true,',
    put: 'rejectUnauthorized: false,',
    test: 'switch/node/pop-over-https.test.ts',
  },
];
