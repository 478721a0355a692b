import type { Codec, IsoError } from '../../messages/index.ts';
import type { Monotonic, PeerCertificate } from '../../runtime/index.ts';
import type { Sealed, TerminalMessage } from '../requests/terminal-message.ts';

// What stands between a connection and what is answered: a peer hands on one frame at a time and gets bytes back. It
// knows nothing of payments, and who answers knows nothing of sockets.

/**
 * What a message said of its sender: its MAC was right; it was wrong; it was refused with nothing proven; or nothing
 * was wrong, and nothing proven (network management without a MAC, an HSM that is away).
 */
export type Proof = 'right' | 'wrong' | 'refused' | 'none';

/** One request frame, understood as far as its bytes go. */
export interface Request {
  readonly message: TerminalMessage;
  readonly sealed: Sealed | undefined;
  /** What the peer proved over TLS, where it was asked to. */
  readonly certificate?: PeerCertificate | undefined;
  /** When it came, or when it can have come at the earliest where the process was not listening. */
  readonly receivedAt: Monotonic;
  /** Its numbers came before: it may repeat what is approved, whatever its message type says. */
  readonly cameBefore: boolean;
  /** Asked before a first request is told that it cannot be served; absent: it may be. */
  readonly mayRefuse?: () => boolean;
  /** Who sent it, for the log: an address without its port. */
  readonly peer?: string | undefined;
  /** In what it is answered; absent: in the listener's codec. */
  readonly answeredIn?: Codec<TerminalMessage> | undefined;
  /** Gives its place at work to the next: what it waits for from now on costs this process nothing. */
  readonly leavePlace?: () => void;
  /** Told once what the message proves, as soon as it is known. */
  readonly onProof?: (proof: Proof) => void;
}

/** What is known of a frame whose bytes make no message. */
export type Garbled = Partial<Pick<Request, 'sealed' | 'peer' | 'answeredIn' | 'onProof'>>;

/** What a listener serves: both give the packed reply, or nothing for silence. */
export interface Service {
  answer(request: Request): Promise<Buffer | undefined>;
  /** A frame whose bytes do not make a message; `error.partial` has what could be read. */
  answerGarbled(error: IsoError, garbled?: Garbled): Promise<Buffer | undefined>;
  /** Says what it has still to say in the log. */
  close?(): void;
}
