import type { SourceMutant } from './source-mutant.ts';

/** What keeps proofs in step with the purchases they witness. */
export const OF_PROOFS: readonly SourceMutant[] = [
  {
    name: 'forestalled-proof',
    removes: 'the care for an initiation on its way: a proof that nobody has heard of needs no cancelling',
    file: 'switch/follow-up/pop-legs.ts',
    find: `return mayYetArrive(standing, transaction)
    ? forestall(job, transaction, ports)
    : undo(job, standing, ports);`,
    put: `if (standing.status !== 'absent') return undo(job, standing, ports);
      await recordCancelled(job, null, ports);
      return { done: true };`,
  },
  {
    name: 'proof-of-what-stands',
    removes: 'the look at the amount: any proof that was validated is the right one',
    file: 'switch/follow-up/pop-legs.ts',
    find: "return pop === 'validated' && popMinorUnits === standingMinorUnits;",
    put: "return pop === 'validated';",
  },
  {
    name: 'contradicted-rejection',
    removes: 'the second look at a rejection, which the consensus may contradict',
    file: 'switch/transaction/outcome-table.ts',
    find: "    case 'rejected':\n      return ['cancel-pop'];\n    case 'unreachable':",
    put: "      return ['cancel-pop'];\n    case 'rejected':\n    case 'unreachable':",
  },
  {
    name: 'amount-of-a-proof',
    removes: 'the note of the amount that a proof is asked for, before it is asked for',
    file: 'switch/follow-up/pop-legs.ts',
    find: '  await recordAsked(job, { minorUnits: standingMinorUnits, ...(over !== undefined && { over }) }, ports);\n',
    put: '',
  },
  {
    name: 'proof-of-the-refused',
    removes: 'the cancelling of a proof whose purchase the network declined',
    file: 'switch/transaction/outcome-table.ts',
    find: 'return { approved: false, code, followUps: undoPop(pop) };\n    }\n    case ',
    put: 'return { approved: false, code, followUps: [] };\n    }\n    case ',
  },
  {
    name: 'unusual-proof-kept-waiting',
    removes: 'the follow-up of a proof that the sweeper finds rejected, cancelled or expired',
    file: 'switch/follow-up/proof-sweeper.ts',
    find: "this.#handOver(having('unusual')),",
    put: "this.#keep(having('unusual')),",
  },
];
