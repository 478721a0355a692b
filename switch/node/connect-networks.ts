import {
  answersOf,
  iso87Connector,
  type LateAnswer,
  mastercardConnector,
  type NetworkConnector,
  PLAIN_REVERSALS,
  type SchemeRules,
  visaConnector,
  WHOLE_AGREEMENT,
  type ZoneKeys,
} from '../../connectors/index.ts';
import type { Clock, Log, Random, Sockets } from '../../runtime/index.ts';
import type { NetworkSettings } from '../config/settings.ts';
import { socketsOf, type TlsEnds } from './tls-ends.ts';

export interface NetworkParts {
  readonly sockets: Sockets;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onLateAnswer: (answer: LateAnswer) => void;
  readonly tls?: TlsEnds;
  /** Absent: networks keep their keys for ever. */
  readonly zoneKeys?: ReadonlyMap<string, ZoneKeys>;
}

/** The same networks as a worker reaches them: over sessions of its own. */
export function workerNetworks(networks: readonly NetworkSettings[]): NetworkSettings[] {
  return networks.map((settings) => {
    const address = settings.workerAddress ?? { host: settings.host, port: settings.port };
    if (settings.profile !== 'visa') return { ...settings, ...address };
    return { ...settings, ...address, sourceStation: settings.workerStation ?? settings.sourceStation };
  });
}

/** Opens the link to every network, in the profile that its settings name. They sign on by themselves. */
export function connectNetworks(
  networks: readonly NetworkSettings[],
  parts: NetworkParts,
): Map<string, NetworkConnector> {
  return new Map(networks.map((settings) => [settings.name, connectNetwork(settings, parts)]));
}

/** The link to one of them. */
export function connectNetwork(settings: NetworkSettings, parts: NetworkParts): NetworkConnector {
  const connector = openLink(settings, parts);
  const { rules: built } = connector;
  const { reversals, ...rules } = settings.rules ?? {};
  const words = reversals && { reversals: { ...PLAIN_REVERSALS, ...built.reversals, ...reversals } };
  return { ...connector, rules: { ...built, ...rules, ...words } as SchemeRules };
}

function openLink(settings: NetworkSettings, parts: NetworkParts): NetworkConnector {
  const { name, host, port, zonePinKey, reversalNumbers } = settings;
  const address = { host, port };
  const { zoneKeys, ...common } = parts;
  const ofNetwork = zoneKeys?.get(name);
  const given = {
    ...common,
    sockets: socketsOf(settings, parts),
    ...(ofNetwork && { zoneKeys: ofNetwork }),
  };
  const rules = reversalNumbers ? { reversalNumbers } : {};
  const link = { name, address, zonePinKey };
  switch (settings.profile) {
    case 'visa': {
      const { sourceStation: source, destinationStation: destination, standInIsTold } = settings;
      const visaRules = { ...rules, ...(standInIsTold && { standInIsTold }) };
      const visa = { ...link, stations: { source, destination }, rules: visaRules };
      return visaConnector({ ...visa, ...answering('visa', settings) }, given);
    }
    case 'mastercard': {
      const { institution } = settings;
      return mastercardConnector(
        { ...link, institution, rules, ...answering('mastercard', settings) },
        given,
      );
    }
    case 'iso87':
      return iso87Connector({ ...link, rules, ...answering('plain', settings) }, given);
  }
}

/** What its answers are like. */
function answering(
  profile: 'plain' | 'visa' | 'mastercard',
  { answers: own, elements }: Pick<NetworkSettings, 'answers' | 'elements'>,
) {
  const { compares, tokens, matchedBy } = own ?? {};
  return {
    answers: answersOf(profile, own),
    agreement: {
      compares: compares ?? WHOLE_AGREEMENT.compares,
      tokens: tokens ?? WHOLE_AGREEMENT.tokens,
    },
    ...(matchedBy && { matchedBy }),
    ...(elements && { elements }),
  };
}
