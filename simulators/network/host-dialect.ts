import type { Codec, Framing, iso87Ascii, Message } from '../../messages/index.ts';
import type { AdviceRequest } from './rows.ts';
import type { NetworkMessageKind } from './scenario.ts';

/** The data elements that the networks' dialects have alike. */
export type CommonElements = Pick<
  Message<typeof iso87Ascii>,
  | 'de2'
  | 'de3'
  | 'de4'
  | 'de7'
  | 'de11'
  | 'de18'
  | 'de25'
  | 'de32'
  | 'de37'
  | 'de38'
  | 'de39'
  | 'de41'
  | 'de42'
  | 'de49'
  | 'de52'
  | 'de54'
  | 'de70'
  | 'de90'
  | 'de95'
>;

export type HostMessage = { mti: string } & CommonElements;

/** What makes a host one network's: how it writes messages and which it knows. */
export interface HostDialect<M extends HostMessage> {
  readonly name: string;
  readonly codec: Codec<M>;
  readonly framing: Framing;
  /** What a message type is about, without its repeat digit. */
  readonly messageKinds: Readonly<Record<string, NetworkMessageKind>>;
  /** DE70. */
  readonly signOn: string;
  readonly signOff: string;
  readonly echo: string;
  readonly keyExchange: string;
  /** By how many percent a completion may exceed what was held, by merchant category (DE18); others: not at all. */
  readonly overCompletionPercent: Readonly<Record<string, number>>;
  /** Our identifier of the transaction that an advice belongs to. */
  transactionId(message: M): string | undefined;
  /** Which of several completions an advice is, and of how many. */
  completionPart(message: M): AdviceRequest['part'] | undefined;
  /** The answer to a financial message: `elements`, and what is the dialect's own. */
  reply(request: M, elements: HostMessage, transactionId: string | undefined): M;
  managementReply(request: M, code: string): M;
  /** An 0800 of our own. @param key KCV and key block, where it brings a key */
  managementRequest(code: string, stan: string, time: string, key?: string): M;
  /** Gives a message that could not be understood back to its sender; absent: the link is closed. */
  reject?(received: Buffer): Buffer | undefined;
}
