import { compile, framing, visaBase1, visaReplyHeader } from '../../messages/index.ts';
import type { Address, Clock, Log, Random, Sockets } from '../../runtime/index.ts';
import { DEFAULT_LINK_LIMITS, IsoLink, type LinkLimits, type LinkProfile } from '../link/iso-link.ts';
import type { MatchKeys } from '../link/match-keys.ts';
import type { LateAnswer, NetworkConnector } from '../network-leg.ts';
import {
  adviceRequest,
  authorisationRequest,
  NETWORK_MANAGEMENT,
  networkManagement,
  readAuthorisationReply,
  readNoticeReply,
  reversalRequest,
  type VisaMessage,
  type VisaStations,
} from './visa-messages.ts';

export interface VisaSettings {
  readonly name: string;
  readonly address: Address;
  readonly stations: VisaStations;
  /** Name of the zone key under which PIN blocks travel on this link. */
  readonly zonePinKey: string;
  readonly limits?: LinkLimits;
}

export interface VisaParts {
  readonly sockets: Sockets;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onLateAnswer: (answer: LateAnswer) => void;
}

const FINANCIAL_KEYS = ['de11', 'de37', 'de41', 'de42'] as const;

/** What ties a 0110 to its 0100: unverified against the confidential specification, hence declared as data. */
const MATCH_KEYS: MatchKeys = {
  '0100': FINANCIAL_KEYS,
  '0120': FINANCIAL_KEYS,
  '0121': FINANCIAL_KEYS,
  '0400': FINANCIAL_KEYS,
  '0401': FINANCIAL_KEYS,
  '0800': ['de11', 'de70'],
};

/** A link with Visa's profile: BASE I header and dialect, sign-on, echo, authorisation and reversal. */
export function visaConnector(settings: VisaSettings, parts: VisaParts): NetworkConnector {
  const { name, stations, zonePinKey } = settings;
  const link = new IsoLink<VisaMessage>({
    name,
    address: settings.address,
    codec: compile(visaBase1),
    framing: framing('visa'),
    profile: visaProfile(stations, parts.clock),
    limits: settings.limits ?? DEFAULT_LINK_LIMITS,
    ...parts,
    onLateAnswer: (reply, transaction) => {
      if (transaction === undefined || reply.mti !== '0110') return;
      const outcome = readAuthorisationReply(reply);
      parts.onLateAnswer({
        transaction,
        approved: outcome.status === 'approved',
        code: reply.de39 ?? '',
      });
    },
  });
  return {
    name,
    zonePinKey,
    state: () => link.state(),
    close: () => link.close(),
    async authorise(facts, card, deadline) {
      const request = authorisationRequest(facts, card, stations);
      const exchange = await link.exchange(request, deadline, facts.transaction);
      return exchange.status === 'answered' ? readAuthorisationReply(exchange.reply) : exchange;
    },
    async advise(request, deadline) {
      const exchange = await link.exchange(adviceRequest(request, stations), deadline);
      return exchange.status === 'answered' ? readNoticeReply(exchange.reply) : exchange;
    },
    async reverse(request, deadline) {
      const exchange = await link.exchange(reversalRequest(request, stations), deadline);
      return exchange.status === 'answered' ? readNoticeReply(exchange.reply) : exchange;
    },
  };
}

function visaProfile(stations: VisaStations, clock: Clock): LinkProfile<VisaMessage> {
  let sequence = 0;
  const manage = (code: string) => {
    sequence = (sequence % 999_999) + 1;
    return networkManagement(code, String(sequence).padStart(6, '0'), stations, clock);
  };
  return {
    matchKeys: MATCH_KEYS,
    signOn: () => manage(NETWORK_MANAGEMENT.signOn),
    signOff: () => manage(NETWORK_MANAGEMENT.signOff),
    echo: () => manage(NETWORK_MANAGEMENT.echo),
    accepted: (reply) => reply.de39 === '00',
    serve: (request) =>
      request.mti === '0800' && request.de70 === NETWORK_MANAGEMENT.echo
        ? { ...request, mti: '0810', header: visaReplyHeader(request.header), de39: '00' }
        : undefined,
  };
}
