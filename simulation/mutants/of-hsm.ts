import type { SourceMutant } from './source-mutant.ts';

/** What the HSM process owes to payments, and its ceremonies to custodians: no seed has either, tests have. */
export const OF_HSM: readonly SourceMutant[] = [
  {
    name: 'hsm-keys-before-payments',
    removes: 'the patience of what can wait: payments stand behind it',
    file: 'hsm/process/urgency.ts',
    find: "publicKey: 'patient'",
    put: "publicKey: 'urgent'",
    test: 'hsm/process/server.test.ts',
  },
  {
    name: 'hsm-one-line-for-all',
    removes: "the turns of the HSM's peers: one with thousands waiting goes before all others",
    file: 'hsm/process/fair-queue.ts',
    find: 'else if (this.#lines.size > 1) {',
    put: 'else if (this.#lines.size > 1_000) {',
    test: 'hsm/process/fair-queue.test.ts',
  },
  {
    name: 'hsm-frame-without-end',
    removes: 'the end of a connection whose frame trickles in',
    file: 'hsm/process/server.ts',
    find: 'if (now - peer.cutShortAt <= FRAME_WITHIN_MS) return;',
    put: 'if (now >= peer.cutShortAt) return;',
    test: 'hsm/process/server.test.ts',
  },
  {
    name: 'hsm-cancelled-and-done',
    removes: 'the look at what was cancelled: it is done all the same',
    file: 'hsm/process/server.ts',
    find: 'if (peer.cancelled.size < peer.waiting) peer.cancelled.add(id);',
    put: 'if (peer.cancelled.size < 0) peer.cancelled.add(id);',
    test: 'hsm/process/server.test.ts',
  },
  {
    name: 'hsm-zone-key-untried',
    removes: 'the trial translation under a zone key before it is confirmed',
    file: 'hsm/operations/key-blocks.ts',
    find: "if (usage === 'P0') tryOut(context, made.record, key);",
    put: "if (usage !== 'P0') tryOut(context, made.record, key);",
    test: 'hsm/process/key-exchange.test.ts',
  },
  {
    name: 'hsm-weak-keys-taken',
    removes: 'the least strength of working keys',
    file: 'hsm/keys/strength.ts',
    find: 'if (strengthOf(key) >= least) return;',
    put: 'if (strengthOf(key) >= 0) return;',
    test: 'hsm/process/key-exchange.test.ts',
  },
  {
    name: 'hsm-log-cut-short',
    removes: "the comparison of the ceremonies' log with its anchored length",
    file: 'hsm/ceremony/anchor.ts',
    find: 'if (hashes.length < entries) {',
    put: 'if (hashes.length < 0) {',
    test: 'hsm/attacks/ceremony.test.ts',
  },
];
