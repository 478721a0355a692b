import { type Codec, IsoError, isRepeat, isRequest } from '../../messages/index.ts';
import { asItAsked, completed } from '../admission/completed.ts';
import { type Received, receive } from '../admission/inbound.ts';
import { PeerLog } from '../admission/peer-log.ts';
import { keysOfRefused } from '../admission/prove.ts';
import type { ListenerSettings } from '../config/settings.ts';
import { Refusal } from '../errors.ts';
import type { TerminalKeySet } from '../keys/key-records.ts';
import type { Ports } from '../ports.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { isApprovalCode } from '../transaction/approval-codes.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { replyMessage } from './reply-message.ts';
import { sealed, unprovenRefusal } from './seal.ts';
import type { Proof, Request, Service } from './service.ts';
import { endUnread } from './unread-notice.ts';
import { type Ready, verbOf } from './verbs.ts';

// From a message to the bytes of its answer: find its verb, prove it, have it answered, seal the answer. What every
// verb shares is here, so that none can forget it: refusals become codes, repeats that cannot be served stay
// unanswered, the answer is sealed under the keys that the message was proven under or not at all, and what is late
// does not leave.

const FORMAT_ERROR = '30';
const SYSTEM_MALFUNCTION = '96';

/** Lines of one event that one peer can cause in ten seconds, before the rest is counted. */
const LINES_IN_FULL = 20;
const UNKNOWN_PEER = 'unknown';

interface Desk {
  readonly listener: ListenerSettings;
  readonly ports: Ports;
  readonly log: PeerLog;
}

/** What a listener's peers can ask for; everything is answered in kind, or not at all. */
export function createService(
  listener: ListenerSettings,
  codec: Codec<TerminalMessage>,
  ports: Ports,
): Service {
  const log = new PeerLog(listener.name, ports.clock, ports.log, LINES_IN_FULL);
  const desk: Desk = { listener, ports, log };
  return {
    async answer(request) {
      const { message, peer = UNKNOWN_PEER } = request;
      if (!isRequest(message.mti)) {
        log.warn('serve.unasked-answer', peer, { mti: message.mti });
        return undefined;
      }

      const asked = completed(request, listener, ports);
      const received = receive(asked, listener, ports.settings, ports.clock.monotonic());
      const { ready, proof } = await prove(received, ports);
      request.onProof?.(proof);
      const fields = await ready
        .answer()
        .catch((error: unknown) =>
          isPassing(error) && !mayBeTold(request)
            ? leaveUnanswered(message, error, peer, desk)
            : refuse(message, error, peer, desk),
        );
      // Looked at twice: there is no use in sealing what is late already, and sealing takes time.
      if (!fields || ports.lateReplies.holds(received)) return undefined;

      const { answeredIn = codec } = request;
      const full = replyMessage(asked.message, fields, listener);
      const reply = asked === request ? full : asItAsked(full, message);
      const packed = await toBytes({ reply, keys: ready.keys, peer, codec: answeredIn }, desk);
      if (!packed || ports.lateReplies.holds(received)) return undefined;
      ports.checkpoint('replied');
      return packed;
    },
    async answerGarbled(error, garbled = {}) {
      const { sealed: seal, peer = UNKNOWN_PEER, answeredIn = codec, onProof } = garbled;
      const partial: Partial<TerminalMessage> = error.partial ?? {};
      const { mti } = partial;
      if (mti === undefined || !isRequest(mti)) {
        refuse(partial, error, peer, desk);
        return undefined;
      }

      const message = { ...partial, mti };
      const now = ports.clock.monotonic();
      const came = completed({ message, sealed: seal, receivedAt: now }, listener, ports);
      const received = receive(came, listener, ports.settings, now);
      const keys = await keysOfRefused(received, error, ports);
      onProof?.(keys ? 'right' : 'refused');
      const fields = await endUnread(received, keys, error, ports).catch((why: unknown) =>
        refuse(partial, why, peer, desk),
      );
      if (!fields) return undefined;
      const reply = replyMessage(message, fields, listener);
      const packed = await toBytes({ reply, keys, peer, codec: answeredIn }, desk);
      return packed && ports.lateReplies.holds(received) ? undefined : packed;
    },
    close: () => log.close(),
  };
}

/** What is refused before it is proven has its MAC verified all the same, where it has one: for the answer's sake. */
async function prove(received: Received, ports: Ports): Promise<{ ready: Ready; proof: Proof }> {
  try {
    const ready = await verbOf(received)(received, ports);
    if (ready.keys) return { ready, proof: 'right' };
    return { ready, proof: ready.wasDoubted ? 'wrong' : 'none' };
  } catch (error) {
    const keys = await keysOfRefused(received, error, ports);
    const ready: Ready = { keys, answer: () => endUnread(received, keys, error, ports) };
    return { ready, proof: keys ? 'right' : proofOfRefused(error) };
  }
}

function proofOfRefused(error: unknown): Proof {
  if (error instanceof Refusal && error.code === 'SW_MAC_WRONG') return 'wrong';
  return isPassing(error) ? 'none' : 'refused';
}

/** An answer on its way out: in what it is packed, and by whose keys it is sealed. */
interface Leaving {
  readonly reply: TerminalMessage;
  readonly keys: TerminalKeySet | undefined;
  readonly peer: string;
  readonly codec: Codec<TerminalMessage>;
}

/**
 * The answer as it leaves. Without the HSM there is no MAC: a refusal leaves without one, since it moves no money; an
 * approval of what was proven does not leave at all, and the terminal's repeat asks for it again.
 */
async function toBytes(
  { reply, keys, peer, codec }: Leaving,
  { listener, ports, log }: Desk,
): Promise<Buffer | undefined> {
  if (listener.mac === 'none') return codec.pack(reply);
  const isYes = isApprovalCode(reply.de39);
  if (!keys) return isYes ? codec.pack(reply) : unprovenRefusal(reply, codec, listener);

  try {
    return await sealed(reply, keys, codec, ports);
  } catch (error) {
    const { de11: stan, de39: responseCode } = reply;
    log.error('serve.unsealed', peer, { stan, responseCode, isApproval: isYes, err: error });
    return isYes ? undefined : unprovenRefusal(reply, codec, listener);
  }
}

/** Whether a request may hear that it cannot be served: nothing of the same numbers was approved, or may be. */
function mayBeTold({ message, cameBefore, mayRefuse = () => true }: Request): boolean {
  return !cameBefore && !isRepeat(message.mti) && mayRefuse();
}

/** Whether nothing was found out about the request: neither what it is nor what became of it. */
function isPassing(error: unknown): boolean {
  return error instanceof Refusal ? error.isPassing : !(error instanceof IsoError);
}

/**
 * A repeat asks what became of its first request. A refusal would be taken for the answer, though the first may have
 * been approved: silence makes the terminal ask again, or reverse.
 */
function leaveUnanswered(
  { mti, de11: stan, de41: terminal }: TerminalMessage,
  error: unknown,
  peer: string,
  { log }: Desk,
): undefined {
  const facts = { mti, stan, terminal };
  if (!(error instanceof Refusal)) log.warn('serve.unanswered-repeat', peer, { ...facts, err: error });
  else log.warn('serve.unanswered-repeat', peer, { ...facts, code: error.code, cause: causeOf(error) });
}

function refuse(
  { mti, de11: stan, de41: terminal }: Partial<TerminalMessage>,
  error: unknown,
  peer: string,
  { log }: Desk,
): ReplyFields {
  const responseCode = responseCodeOf(error);
  const facts = { mti, stan, terminal, responseCode };

  if (error instanceof Refusal) {
    const { code, detail, message } = error;
    log.warn('serve.refused', peer, { ...facts, code, detail, cause: causeOf(error) }, message);
  } else if (error instanceof IsoError) {
    const { code, path, offset, message } = error;
    log.warn('serve.refused', peer, { ...facts, code, path, offset }, message);
  } else {
    log.error('serve.refused', peer, { ...facts, err: error });
  }
  return { code: responseCode };
}

function responseCodeOf(error: unknown): string {
  if (error instanceof Refusal) return error.responseCode;
  return error instanceof IsoError ? FORMAT_ERROR : SYSTEM_MALFUNCTION;
}

function causeOf(error: Error): string | undefined {
  return error.cause instanceof Error ? `${error.cause.name}: ${error.cause.message}` : undefined;
}
