import type { Simulation } from '../simulation.ts';
import { checkAudit } from './audit.ts';
import { checkCalm } from './calm.ts';
import { checkClosure } from './closure.ts';
import { checkDays } from './days.ts';
import { checkFollowed } from './followed.ts';
import { checkGrowth } from './growth.ts';
import { checkHands } from './hands.ts';
import { readJournal } from './journal-view.ts';
import { checkLateAnswers } from './late-answers.ts';
import { checkMoney } from './money.ts';
import { checkNumbers } from './numbers.ts';
import { checkProofs } from './proofs.ts';
import { checkSecrecy } from './secrecy.ts';
import { checkSettlements } from './settlements.ts';
import { checkStandIn } from './stand-in.ts';
import { checkTampering } from './tampering.ts';

/** Checks I1 … I10 and I12 from what terminals were told and from the peers' own ledgers, once all is over. */
export function checkInvariants(simulation: Simulation): void {
  const journal = readJournal(simulation);
  checkClosure(simulation, journal);
  checkHands(simulation, journal);
  checkMoney(simulation, journal);
  checkProofs(simulation, journal);
  checkNumbers(simulation);
  checkStandIn(simulation);
  checkSettlements(simulation, journal);
  checkDays(simulation);
  checkLateAnswers(simulation, journal);
  checkCalm(simulation);
  checkSecrecy(simulation);
  checkAudit(simulation);
  checkFollowed(simulation);
  checkGrowth(simulation);
  checkTampering(simulation);
}
