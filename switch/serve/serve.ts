import { Bytes, type Codec, IsoError, isRepeat, isRequest } from '../../messages/index.ts';
import { type Received, receive } from '../admission/inbound.ts';
import type { ListenerSettings } from '../config/settings.ts';
import { Refusal } from '../errors.ts';
import type { TerminalKeySet } from '../keys/key-records.ts';
import type { Ports } from '../ports.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import type { Service } from './peer.ts';
import { replyMessage } from './reply-message.ts';
import { type Ready, verbOf } from './verbs.ts';

// From a message to the bytes of its answer: find its verb, prove it, have it answered, seal the answer. What every
// verb shares is here, so that none can forget it: refusals become codes, repeats that cannot be served stay
// unanswered, the answer is sealed under the keys that the message was proven under, and what is late does not leave.

const APPROVED = '00';
const PARTIALLY_APPROVED = '10';
const FORMAT_ERROR = '30';
const SYSTEM_MALFUNCTION = '96';
const MAC_BYTES = 8;

interface Desk {
  readonly listener: ListenerSettings;
  readonly codec: Codec<TerminalMessage>;
  readonly ports: Ports;
}

/** What a listener's peers can ask for; everything is answered in kind, or not at all. */
export function createService(
  listener: ListenerSettings,
  codec: Codec<TerminalMessage>,
  ports: Ports,
): Service {
  const desk: Desk = { listener, codec, ports };
  return {
    async answer(request) {
      const { message } = request;
      if (!isRequest(message.mti)) {
        ports.log.warn({ event: 'serve.unasked-answer', listener: listener.name, mti: message.mti });
        return undefined;
      }

      const received = receive(request, listener, ports.settings, ports.clock.monotonic());
      const ready = await prove(received, ports);
      const fields = await ready
        .answer()
        .catch((error: unknown) =>
          (request.cameBefore || isRepeat(message.mti)) && isPassing(error)
            ? leaveUnanswered(message, error, desk)
            : refuse(message, error, desk),
        );
      // Looked at twice: there is no use in sealing what is late already, and sealing takes time.
      if (!fields || ports.lateReplies.holds(received)) return undefined;

      const packed = await sealOrDecline(replyMessage(message, fields), desk, ready.keys);
      if (!packed || ports.lateReplies.holds(received)) return undefined;
      ports.checkpoint('replied');
      return packed;
    },
    async answerGarbled(error) {
      const partial: Partial<TerminalMessage> = error.partial ?? {};
      const fields = refuse(partial, error, desk);
      const { mti } = partial;
      if (mti === undefined || !isRequest(mti)) return undefined;

      const message = { ...partial, mti };
      const now = ports.clock.monotonic();
      const received = receive(
        { message, sealed: undefined, receivedAt: now },
        listener,
        ports.settings,
        now,
      );
      const packed = await sealOrDecline(replyMessage(message, fields), desk);
      return packed && ports.lateReplies.holds(received) ? undefined : packed;
    },
  };
}

/** What is refused before it is proven is answered like any other refusal, under the keys that its terminal has now. */
async function prove(received: Received, ports: Ports): Promise<Ready> {
  try {
    return await verbOf(received)(received, ports);
  } catch (error) {
    return { keys: undefined, answer: () => Promise.reject(error) };
  }
}

/** Replies to terminals carry a MAC under the terminal's key; nobody else could have been asked to believe them. */
async function seal(
  reply: TerminalMessage,
  { listener, codec, ports }: Desk,
  proven: TerminalKeySet | undefined,
): Promise<Buffer> {
  const terminal = ports.directory.terminal(reply.de41 ?? '');
  if (listener.mac === 'none' || !terminal) return codec.pack(reply);
  const packed = codec.pack({ ...reply, [macElement(reply)]: Bytes.of(Buffer.alloc(MAC_BYTES)) });
  const slot = codec.macSlot(packed);
  const { macKey } = proven ?? ports.terminalKeys.current(terminal);
  if (slot) codec.setMac(packed, await ports.hsm.generateMac(macKey, slot.covered));
  return packed;
}

/** The MAC is the last element: DE128 where there is a second bitmap, which here only DE70 asks for. */
function macElement({ de70 }: TerminalMessage): 'de64' | 'de128' {
  return de70 === undefined ? 'de64' : 'de128';
}

/**
 * Without the HSM there is no MAC. A refusal leaves without one, since it moves no money; an approval does not leave
 * at all, and the terminal's repeat asks for it again.
 */
function sealOrDecline(
  reply: TerminalMessage,
  desk: Desk,
  proven?: TerminalKeySet,
): Promise<Buffer | undefined> {
  return seal(reply, desk, proven).catch((error: unknown) => {
    const { de11: stan, de39: responseCode } = reply;
    const isApproval = responseCode === APPROVED || responseCode === PARTIALLY_APPROVED;
    const listener = desk.listener.name;
    desk.ports.log.error({ event: 'serve.unsealed', listener, stan, responseCode, isApproval, err: error });
    return isApproval ? undefined : desk.codec.pack(reply);
  });
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
  { listener, ports }: Desk,
): undefined {
  const code = error instanceof Refusal ? error.code : undefined;
  const facts = { event: 'serve.unanswered-repeat', listener: listener.name, mti, stan, terminal, code };
  ports.log.warn({ ...facts, err: error });
}

function refuse(
  { mti, de11: stan, de41: terminal }: Partial<TerminalMessage>,
  error: unknown,
  { listener, ports }: Desk,
): ReplyFields {
  const responseCode = responseCodeOf(error);
  const facts = { event: 'serve.refused', listener: listener.name, mti, stan, terminal, responseCode };

  if (error instanceof Refusal) {
    ports.log.warn(
      { ...facts, code: error.code, detail: error.detail, cause: causeOf(error) },
      error.message,
    );
  } else {
    ports.log.error({ ...facts, err: error });
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
