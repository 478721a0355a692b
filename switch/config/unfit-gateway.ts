import { developmentKeySettings, GATEWAY_NAME } from './gateway.ts';
import type { Settings } from './settings.ts';

// What the schema of a gateway and its keys cannot say.

/** A key must say whose it is, and a listener of the gateway's name would be taken for it. */
export function* unfitGateway({ gateway, merchants, listeners, networks }: Settings): Generator<string> {
  const index = gateway ? listeners.findIndex(({ name }) => name === GATEWAY_NAME) : -1;
  if (index >= 0) yield `/listeners/${index}/name: "${GATEWAY_NAME}" is the gateway's`;

  const { hs256SecretFile, jwksFile } = gateway?.jwt ?? {};
  if (gateway?.jwt && (hs256SecretFile === undefined) === (jwksFile === undefined)) {
    yield '/gateway/jwt: one of hs256SecretFile and jwksFile is expected';
  }

  for (const [place, name] of (gateway?.queue?.networks ?? []).entries()) {
    const isKnown = networks.some((each) => each.name === name);
    if (!isKnown) yield `/gateway/queue/networks/${place}: there is no network of this name`;
  }

  const seen = new Set<string>();
  for (const [at, { apiKeys = [] }] of merchants.entries()) {
    for (const [place, { sha256 }] of apiKeys.entries()) {
      if (seen.has(sha256)) yield `/merchants/${at}/apiKeys/${place}/sha256: another key has it already`;
      seen.add(sha256);
    }
  }
}

/**
 * Keys travel with every request: in production over TLS only, on loopback too,
 * and none that anybody may know.
 */
export function* unfitGatewayForProduction({ gateway, merchants }: Settings): Generator<string> {
  if (gateway && !gateway.tls) yield '/gateway/tls: in production the gateway speaks TLS only, found nothing';
  for (const [at, { id, apiKeys = [] }] of merchants.entries()) {
    const published = developmentKeySettings(id).sha256;
    const place = apiKeys.findIndex(({ sha256 }) => sha256 === published);
    if (place >= 0) yield `/merchants/${at}/apiKeys/${place}/sha256: is of a published development key`;
  }
}
