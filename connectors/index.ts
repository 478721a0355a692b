export { mayHoldMoney, notFoundRules, reversalMeaning } from './answers/answer-meaning.ts';
export type { AnswerTable } from './answers/answer-table.ts';
export { answersOf } from './answers/of-network.ts';
export type { CardData, HeldTransaction, Money, TransactionFacts, TransactionKind } from './authorisation.ts';
export {
  type HttpExchange,
  type HttpTls,
  httpExchange,
  type RenewableExchange,
} from './etika/http-exchange.ts';
export { popClient } from './etika/pop-client.ts';
export {
  type HoldCase,
  type HoldLife,
  type HoldRow,
  holdLife,
  presenceOf,
  type Region,
} from './hold-rules.ts';
export { iso87Connector } from './iso87/iso87-connector.ts';
export { WHOLE_AGREEMENT } from './link/agreement.ts';
export { withoutCash } from './link/outcomes.ts';
export { linkElementPolicies } from './link/tolerated.ts';
export { mastercardConnector } from './mastercard/mastercard-connector.ts';
export type {
  AdviceReason,
  AdviceRequest,
  AnswerNumbers,
  Balance,
  KeyOffer,
  LateAnswer,
  NetworkConnector,
  NetworkLeg,
  NetworkLinkState,
  NetworkOutcome,
  NotAsked,
  NoticeOutcome,
  OwnFault,
  ReversalReason,
  ReversalRequest,
  StrayAnswer,
  Unreachable,
  ZoneKeys,
} from './network-leg.ts';
export type {
  PopCancellation,
  PopConnector,
  PopOutcome,
  PopPurchase,
  PopStanding,
  PopStandingStatus,
  PopStandings,
} from './pop-leg.ts';
export {
  PLAIN_REVERSALS,
  type ReversalTable,
  type ReversalWords,
  type ReversedAfter,
} from './reversal-words.ts';
export { type Allowance, completable, type SchemeRules, withTip } from './scheme-rules.ts';
export { visaConnector } from './visa/visa-connector.ts';
