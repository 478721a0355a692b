import type { Generator } from './generator/generator.ts';
import type { Stage } from './stage/stage.ts';

/** What every case works with. */
export interface Means {
  readonly stage: Stage;
  readonly generator: Generator;
  say(line: string): void;
}
