import type { Balance } from '../connectors/index.ts';
import { Bytes, type Codec, IsoError, isRequest, responseMti, withoutRepeat } from '../messages/index.ts';
import { advise } from './advice.ts';
import { authorise } from './authorise.ts';
import type { ListenerSettings } from './config/settings.ts';
import type { ReplyFields } from './entries.ts';
import { Refusal } from './errors.ts';
import type { Request, Service } from './listener/listener.ts';
import type { Ports } from './ports.ts';
import { reverse, voidPayment } from './take-back.ts';
import type { TerminalMessage } from './terminal-message.ts';

const FORMAT_ERROR = '30';
const SYSTEM_MALFUNCTION = '96';
const APPROVED = '00';
const PARTIALLY_APPROVED = '10';
const MAC_BYTES = 8;

/** What a listener's peers can ask for: a purchase (0100), network management (0800); all else is refused in kind. */
export function createService(
  listener: ListenerSettings,
  codec: Codec<TerminalMessage>,
  ports: Ports,
): Service {
  const { log } = ports;

  const answer = async (request: Request): Promise<Buffer | undefined> => {
    const { message } = request;
    if (!isRequest(message.mti)) {
      log.warn({ event: 'serve.unasked-answer', listener: listener.name, mti: message.mti });
      return undefined;
    }
    const fields = await dispatch(request).catch((error: unknown) => refused(message, error));
    if (!fields) return undefined;
    const packed = await sealOrDecline(composeReply(message, fields));
    ports.checkpoint('replied');
    return packed;
  };

  const dispatch = async (request: Request): Promise<ReplyFields | undefined> => {
    const inbound = { ...request, listener };
    switch (withoutRepeat(request.message.mti)) {
      case '0100':
        return authorise(inbound, ports);
      case '0200':
        return isVoid(request.message) ? voidPayment(inbound, ports) : authorise(inbound, ports);
      case '0120':
      case '0220':
        return advise(inbound, ports);
      case '0400':
      case '0420':
        return reverse(inbound, ports);
      case '0800':
        return { code: APPROVED };
      default:
        throw new Refusal('SW_UNSUPPORTED_MESSAGE', { mti: request.message.mti });
    }
  };

  /** Replies to terminals carry a MAC under the terminal's key; nobody else could have been asked to believe them. */
  const seal = async (reply: TerminalMessage): Promise<Buffer> => {
    const terminal = ports.directory.terminal(reply.de41 ?? '');
    if (listener.mac === 'none' || !terminal) return codec.pack(reply);
    const packed = codec.pack({ ...reply, de64: Bytes.of(Buffer.alloc(MAC_BYTES)) });
    const slot = codec.macSlot(packed);
    if (slot) codec.setMac(packed, await ports.hsm.generateMac(terminal.macKey, slot.covered));
    return packed;
  };

  /**
   * Without the HSM there is no MAC. A refusal leaves without one, since it moves no money; an approval does not leave
   * at all, and the terminal's repeat asks for it again.
   */
  const sealOrDecline = (reply: TerminalMessage): Promise<Buffer | undefined> =>
    seal(reply).catch((error: unknown) => {
      const { de11: stan, de39: responseCode } = reply;
      const isApproval = responseCode === APPROVED || responseCode === PARTIALLY_APPROVED;
      log.error({
        event: 'serve.unsealed',
        listener: listener.name,
        stan,
        responseCode,
        isApproval,
        err: error,
      });
      return isApproval ? undefined : codec.pack(reply);
    });

  const refused = (message: Partial<TerminalMessage>, error: unknown): ReplyFields => {
    const { mti, de11: stan, de41: terminal } = message;
    const code = responseCodeOf(error);
    const facts = {
      event: 'serve.refused',
      listener: listener.name,
      mti,
      stan,
      terminal,
      responseCode: code,
    };
    if (error instanceof Refusal) {
      log.warn({ ...facts, code: error.code, detail: error.detail, cause: causeOf(error) }, error.message);
    } else {
      log.error({ ...facts, err: error });
    }
    return { code };
  };

  return {
    answer,
    async answerGarbled(error: IsoError) {
      const partial: Partial<TerminalMessage> = error.partial ?? {};
      const fields = refused(partial, error);
      const { mti } = partial;
      return mti === undefined || !isRequest(mti)
        ? undefined
        : sealOrDecline(composeReply({ ...partial, mti }, fields));
    },
  };
}

function responseCodeOf(error: unknown): string {
  if (error instanceof Refusal) return error.responseCode;
  return error instanceof IsoError ? FORMAT_ERROR : SYSTEM_MALFUNCTION;
}

/** The elements that a reply repeats from its request, so that the terminal finds its own again. */
const ECHOED = [
  'de2',
  'de3',
  'de4',
  'de7',
  'de11',
  'de12',
  'de13',
  'de25',
  'de32',
  'de37',
  'de41',
  'de42',
  'de49',
  'de70',
] as const;

function composeReply(request: TerminalMessage, fields: ReplyFields): TerminalMessage {
  const reply: TerminalMessage = { mti: responseMti(request.mti) };
  for (const element of ECHOED) copy(reply, request, element);
  reply.de39 = fields.code;
  if (fields.rrn !== undefined) reply.de37 = fields.rrn;
  if (fields.approvalCode !== undefined) reply.de38 = fields.approvalCode;
  if (fields.approvedMinorUnits !== undefined)
    reply.de4 = String(fields.approvedMinorUnits).padStart(12, '0');
  if (fields.balances) reply.de54 = fields.balances.map(additionalAmount);
  if (fields.emvHex !== undefined) reply.de55 = Bytes.fromHex(fields.emvHex);
  return reply;
}

/** One amount of DE54. */
function additionalAmount({ accountType, amountType, currency, minorUnits }: Balance) {
  const amount = String(Math.abs(minorUnits)).padStart(12, '0');
  return { accountType, amountType, currency, sign: minorUnits < 0 ? 'D' : 'C', amount };
}

/** DE3 of a void (ISO 8583:1987: 02, adjustment, as terminals commonly use it). */
function isVoid({ de3 }: TerminalMessage): boolean {
  return de3?.startsWith('02') ?? false;
}

function copy<K extends keyof TerminalMessage>(to: TerminalMessage, from: TerminalMessage, element: K): void {
  const value = from[element];
  if (value !== undefined) to[element] = value;
}

function causeOf(error: Error): string | undefined {
  return error.cause instanceof Error ? `${error.cause.name}: ${error.cause.message}` : undefined;
}
