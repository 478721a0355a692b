import { type ElementPolicy, withoutRepeat } from '../../messages/index.ts';
import type { Address, Clock, Log, Random, Sockets } from '../../runtime/index.ts';
import { utcCalendar } from '../../runtime/index.ts';
import { codeMeaning } from '../answers/answer-meaning.ts';
import type { AnswerTable } from '../answers/answer-table.ts';
import type { LateAnswer, NetworkConnector, ZoneKeys } from '../network-leg.ts';
import type { SchemeRules } from '../scheme-rules.ts';
import { type Agreement, type Asked, disagreements, noticeDisagreements } from './agreement.ts';
import { identification } from './elements.ts';
import { IsoLink } from './iso-link.ts';
import { DEFAULT_LINK_LIMITS, type LinkLimits } from './link-limits.ts';
import type { LinkProfile } from './link-settings.ts';
import type { Matchable, MatchKeys } from './match-keys.ts';
import type { NetworkDialect } from './network-dialect.ts';
import { adviceOutcome, authorisationOutcome, reversalOutcome } from './outcomes.ts';
import type { Examination, Examine } from './pending.ts';
import { lateAnswer, type RequestTag, strayApproval, tagOf } from './unawaited-answers.ts';

export interface NetworkSettings {
  readonly name: string;
  readonly address: Address;
  /** Name of the zone key under which PIN blocks travel on this link, until the network sends another. */
  readonly zonePinKey: string;
  readonly limits?: LinkLimits;
  /** What becomes of single elements that are not as the dialect says, where that is not the usual. */
  readonly elements?: Readonly<Record<number, ElementPolicy>>;
  /** What its codes mean; absent: what its dialect says. */
  readonly answers?: AnswerTable;
  /** What must agree in its answers; absent: amount, currency and card. */
  readonly agreement?: Agreement;
  /** What ties its answers to payments, reversals and advices; absent: what its dialect says. */
  readonly matchedBy?: readonly string[];
  /** Where this network's rules differ from those of its dialect. */
  readonly rules?: Partial<SchemeRules>;
}

export interface NetworkParts {
  readonly sockets: Sockets;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onLateAnswer: (answer: LateAnswer) => void;
  /** Absent: a key that the network sends is not taken. */
  readonly zoneKeys?: ZoneKeys;
}

/** A card network over one link, in the words of its dialect. */
export function networkConnector<M extends Matchable>(
  dialect: NetworkDialect<M>,
  settings: NetworkSettings,
  parts: NetworkParts,
): NetworkConnector {
  const { name, zonePinKey } = settings;
  const answers = settings.answers ?? dialect.answers;
  const { agreement } = settings;
  const reading = { name, dialect, answers };
  const link = new IsoLink<M, RequestTag>({
    name,
    address: settings.address,
    codec: dialect.codec,
    framing: dialect.framing,
    profile: { ...linkProfile(dialect, parts), matchKeys: matchKeysOf(dialect, settings) },
    limits: settings.limits ?? DEFAULT_LINK_LIMITS,
    ...parts,
    onLateAnswer(reply, tag) {
      if (tag) parts.onLateAnswer(lateAnswer(reply, tag, reading));
    },
    onContradiction(reply, tag, disagrees) {
      if (tag) parts.onLateAnswer({ ...lateAnswer(reply, tag, reading), disagrees });
    },
    onStrayAnswer(reply) {
      const stray = strayApproval(reply, reading);
      if (stray) parts.onLateAnswer(stray);
    },
  });
  const looksAt =
    (asked: Asked): Examine<M> =>
    (reply) =>
      examined(noticeDisagreements(dialect.replyElements(reply), asked, agreement));

  return {
    name,
    rules: { ...dialect.rules, ...settings.rules },
    answers,
    zonePinKey: () => parts.zoneKeys?.current() ?? zonePinKey,
    state: () => link.state(),
    signOns: () => link.signOns(),
    close: (patienceMs) => link.close(patienceMs),
    isFree(facts) {
      const message = { mti: '', ...identification(facts) };
      return REQUEST_MTIS.every((mti) => link.isFree(Object.assign(message, { mti })));
    },
    ask: askOver({ link, dialect, answers, agreement }),
    async reverse(request, deadline) {
      const ended = await link.exchange(dialect.reversal(request), deadline, undefined, looksAt(request));
      return ended.status === 'answered'
        ? reversalOutcome(dialect.replyElements(ended.reply), answers, request.repeat)
        : ended;
    },
    async advise(request, deadline) {
      const ended = await link.exchange(dialect.advice(request), deadline, undefined, looksAt(request));
      if (ended.status !== 'answered') return ended;
      // Of what is asked after all, 94 does not say how it was answered.
      const isRepeat = request.repeat && !request.asDeferred;
      const about = { kind: request.facts.kind, isRepeat };
      return adviceOutcome(dialect.replyElements(ended.reply), answers, about);
    },
  };
}

interface Asking<M extends Matchable> {
  readonly link: IsoLink<M, RequestTag>;
  readonly dialect: NetworkDialect<M>;
  readonly answers: AnswerTable;
  readonly agreement: Agreement | undefined;
}

/** Sends an authorisation, and reads its answer by the network's tables. */
function askOver<M extends Matchable>(parts: Asking<M>): NetworkConnector['ask'] {
  const { link, dialect, answers, agreement } = parts;
  return (facts, card, deadline) => {
    const request = dialect.authorisation(facts, card);
    if (!request) {
      const reason = `the network is not asked for ${facts.kind}`;
      return { left: false, outcome: { status: 'not-asked', fault: 'inexpressible', reason } };
    }

    const asked = { facts, pan: card.pan };
    const examine: Examine<M> = (reply) => {
      const elements = dialect.replyElements(reply);
      const meaning =
        elements.code === undefined ? undefined : codeMeaning(elements.code, facts.kind, answers);
      if (meaning === 'wait') return 'follows';
      return examined(disagreements(elements, asked, answers, agreement), elements.code);
    };
    const sent = link.send(request, deadline, tagOf(facts), examine);
    if (!sent.left) return { left: false, outcome: sent.ended };
    const outcome = sent.ended.then((ended) =>
      ended.status === 'answered'
        ? authorisationOutcome(dialect.replyElements(ended.reply), facts, answers)
        : ended,
    );
    return { left: true, outcome };
  };
}

function matchKeysOf<M extends Matchable>(
  { matchKeys }: Pick<NetworkDialect<M>, 'matchKeys'>,
  { matchedBy }: Pick<NetworkSettings, 'matchedBy'>,
): MatchKeys {
  if (!matchedBy) return matchKeys;
  const own = Object.entries(matchKeys).map(([mti, elements]) => [
    mti,
    mti.startsWith(MANAGEMENT) ? elements : matchedBy,
  ]);
  return Object.fromEntries(own);
}

function examined(disagrees: readonly string[], code?: string): Examination {
  return disagrees.length === 0 ? 'counts' : { disagrees, code };
}

/** How the MTIs of network management begin. */
const MANAGEMENT = '08';
/** Under which of them a payment is asked for is its dialect's. */
const REQUEST_MTIS = ['0100', '0200'];
/** DE39 of an 0810. */
const APPROVED = '00';
const NOT_SERVED = '12';
const FORMAT_ERROR = '30';

function linkProfile<M extends Matchable>(
  dialect: NetworkDialect<M>,
  { clock, zoneKeys }: Pick<NetworkParts, 'clock' | 'zoneKeys'>,
): LinkProfile<M> {
  const { signOn, signOff, echo, keyExchange, acknowledged } = dialect.managementCodes;
  let sequence = 0;
  const manage = (code: string) => {
    sequence = (sequence % 999_999) + 1;
    return dialect.management(code, String(sequence).padStart(6, '0'), transmissionTime(clock));
  };

  return {
    matchKeys: dialect.matchKeys,
    signOn: () => manage(signOn),
    signOff: () => manage(signOff),
    echo: () => manage(echo),
    accepted: (reply) => dialect.replyElements(reply).code === APPROVED,
    async serve(request) {
      if (withoutRepeat(request.mti) !== '0800') return undefined;
      const code = dialect.managementCode(request);
      switch (code) {
        case echo:
          return { reply: dialect.managementReply(request, APPROVED) };
        case keyExchange: {
          if (!zoneKeys) return { reply: dialect.managementReply(request, NOT_SERVED) };
          const offer = readOffer(dialect.offeredKey(request));
          const { code, confirmed } = offer ? await zoneKeys.offered(...offer) : { code: FORMAT_ERROR };
          return { reply: dialect.managementReply(request, code), ...(confirmed && { onSent: confirmed }) };
        }
        default:
          if (code === undefined || !acknowledged.includes(code)) return undefined;
          return { reply: dialect.managementReply(request, APPROVED) };
      }
    },
  };
}

/** Six hex digits of KCV, then the key block. */
function readOffer(text: string | undefined): [kcv: string, keyBlock: string] | undefined {
  const [, kcv, keyBlock] = /^([0-9A-F]{6})([\x21-\x7e]{16,})$/.exec(text ?? '') ?? [];
  return kcv === undefined || keyBlock === undefined ? undefined : [kcv, keyBlock];
}

/** DE7: MMDDhhmmss in UTC. */
function transmissionTime(clock: Clock): string {
  const { month, day, hour, minute, second } = utcCalendar(clock.wall());
  return [month, day, hour, minute, second].map((part) => String(part).padStart(2, '0')).join('');
}
