/** The public face of simulators/: running them inside a test or a benchmark, and driving them from outside. */
export type { LedgerPage } from './common/control.ts';
export type { Totals } from './common/tally.ts';
export { type PinCipher, pinCipher } from './crypto/pin-block.ts';
export { retailMac } from './crypto/retail-mac.ts';
export { SimulatorError, type SimulatorErrorCode } from './errors.ts';
export { startIso87 } from './iso87/host.ts';
export type { Standing } from './network/card-accounts.ts';
export {
  type NetworkHealth,
  type NetworkLedgerPage,
  networkControl as iso87Control,
  networkControl as visaControl,
} from './network/client.ts';
export type { HostOptions, RunningHost } from './network/host.ts';
export type {
  Moves,
  NetworkRow,
  NetworkRow as VisaRow,
  NetworkRowKind,
} from './network/rows.ts';
export type { NetworkRule, NetworkRule as VisaRule, NetworkScenario } from './network/scenario.ts';
export { type PopHealth, popControl } from './pop/client.ts';
export type { PopRow } from './pop/memory.ts';
export type { PopRule, PopScenario } from './pop/scenario.ts';
export { type PopOptions, type RunningPop, startPop } from './pop/service.ts';
export type { RecordedTransaction } from './terminal/batch.ts';
export { terminalCommand } from './terminal/cli/command.ts';
export type { Exchange } from './terminal/exchange.ts';
export { type LoadPlan, type LoadProgress, type LoadResult, runLoad } from './terminal/load.ts';
export type { BatchTotals, Original, PurchaseOrder } from './terminal/messages.ts';
export type { TerminalDialect } from './terminal/profiles.ts';
export { openRecords, type TerminalRecords, type TerminalRow } from './terminal/records.ts';
export type { ReversalPlan } from './terminal/reversing.ts';
export type { CardService, TerminalService } from './terminal/services.ts';
export type { Settlement } from './terminal/settle.ts';
export { createTerminal, type Terminal, type TerminalOptions } from './terminal/terminal.ts';
export { startVisa } from './visa/host.ts';
