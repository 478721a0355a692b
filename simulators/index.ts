/** The public face of simulators/: running them inside a test or a benchmark, and driving them from outside. */
export type { LedgerPage } from './common/control.ts';
export type { Totals } from './common/tally.ts';
export { SimulatorError, type SimulatorErrorCode } from './errors.ts';
export { type PopHealth, popControl } from './pop/client.ts';
export type { PopRule, PopScenario } from './pop/scenario.ts';
export { type PopOptions, type RunningPop, startPop } from './pop/service.ts';
export type { PopRow } from './pop/validations.ts';
export type { VisaRow, VisaRowKind } from './visa/book.ts';
export { type VisaHealth, visaControl } from './visa/client.ts';
export { type RunningVisa, startVisa, type VisaOptions } from './visa/host.ts';
export type { VisaRule, VisaScenario } from './visa/scenario.ts';
