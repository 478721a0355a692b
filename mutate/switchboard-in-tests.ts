/**
 * Loaded before each file of tests: the mutants that this file comes by ask here, and are counted where that is
 * wanted.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, inject } from 'vitest';
import { Switchboard } from './instrument.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The mutant that is tried; empty: none. */
    mutant: string;
    /** A file for the mutants that were come by; empty: nobody asks. */
    reachedFile: string;
  }
}

const board = new Switchboard();
board.active = inject('mutant') || undefined;
board.install();

const file = inject('reachedFile');
if (file !== '') afterAll(() => writeFileSync(file, JSON.stringify([...board.reached])));
