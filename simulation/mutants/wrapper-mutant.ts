import type { LateAnswer } from '../../connectors/index.ts';
import type { FollowUpTasks } from '../../switch/follow-up/tasks.ts';
import type { SwitchParts } from '../../switch/node/start-switch.ts';
import type { Tables } from '../world/database-tables.ts';

/** One safeguard taken out of the switch, by wrapping what it is given. The simulation must notice. */
export interface WrapperMutant {
  readonly name: string;
  readonly removes: string;
  parts(parts: SwitchParts): SwitchParts;
  tasks(tasks: FollowUpTasks): FollowUpTasks;
  lateAnswer(handle: (answer: LateAnswer) => void): (answer: LateAnswer) => void;
  tables(tables: Tables): void;
}

/** The switch as it is. */
export const UNCHANGED: WrapperMutant = {
  name: 'none',
  removes: 'nothing',
  parts: (parts) => parts,
  tasks: (tasks) => tasks,
  lateAnswer: (handle) => handle,
  tables() {},
};
