/**
 * The part of the settings that all nodes have in common, and that changes while they run: merchants, terminals with
 * the names of their keys, routes, and what is true of a network whoever talks to it. What belongs to one machine
 * stays in the node's own file: addresses, stations, certificates, limits. All of the settings in one store was the
 * other way; a node could then be told by the database where its database is.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { NetworkAnswers } from './answers.ts';
import { ElementPolicies } from './elements.ts';
import { shapeOf } from './read-settings.ts';
import { SchemeRulesSettings } from './scheme-rules.ts';
import { type NetworkSettings, type Settings, SettingsSchema } from './settings.ts';
import { unknownKeys } from './unknown-keys.ts';

/** What is true of a network for every node; what is absent is as its profile has it. */
const networkData = {
  answers: Type.Optional(NetworkAnswers),
  rules: Type.Optional(SchemeRulesSettings),
  elements: Type.Optional(ElementPolicies),
  clearingCutOffHour: Type.Optional(Type.Integer({ minimum: 0, maximum: 23 })),
  reversalNumbers: Type.Optional(Type.Union([Type.Literal('own'), Type.Literal('original')])),
  /** `visa` only. */
  standInIsTold: Type.Optional(Type.Union([Type.Literal('advice'), Type.Literal('deferred')])),
};
type NetworkDataKey = keyof typeof networkData;
const NETWORK_DATA = Object.keys(networkData) as NetworkDataKey[];

export const SharedSettingsSchema = Type.Object({
  merchants: Type.Array(SettingsSchema.properties.merchants.items, { maxItems: 1_000_000 }),
  terminals: Type.Array(SettingsSchema.properties.terminals.items, { maxItems: 1_000_000 }),
  routes: Type.Array(SettingsSchema.properties.routes.items, { maxItems: 10_000 }),
  /** Networks that a node has, by its name; their addresses are in the node's own file. */
  networks: Type.Array(Type.Object({ name: SettingsSchema.properties.node, ...networkData }), {
    maxItems: 1_000,
  }),
});
export type SharedSettings = Static<typeof SharedSettingsSchema>;

/** The shared part of a node's own settings. */
export function sharedOf({ merchants, terminals, routes, networks }: Settings): SharedSettings {
  return { merchants, terminals, routes, networks: networks.map(dataOf) };
}

function dataOf(network: NetworkSettings): SharedSettings['networks'][number] {
  const data = Object.fromEntries(NETWORK_DATA.map((key) => [key, dataAt(network, key)]));
  return { name: network.name, ...withoutAbsent(data) };
}

/** A node's settings with the shared part in the place of its own. */
export function withShared(settings: Settings, shared: SharedSettings): Settings {
  const { merchants, terminals, routes } = shared;
  const data = new Map(shared.networks.map((each) => [each.name, each]));
  const networks = settings.networks.map((network): NetworkSettings => {
    const own = Object.entries(network).filter(([key]) => !NETWORK_DATA.some((known) => known === key));
    return { ...Object.fromEntries(own), ...data.get(network.name) } as NetworkSettings;
  });
  return { ...settings, merchants, terminals, routes, networks };
}

/** What a node lacks that the shared settings speak of. */
export function* strangersIn(settings: Settings, shared: SharedSettings): Generator<string> {
  const known = new Set(settings.networks.map(({ name }) => name));
  for (const [index, { name }] of shared.networks.entries()) {
    if (!known.has(name)) yield `/networks/${index}/name: no such network in the node's own file: "${name}"`;
  }
}

/** What is wrong with a value that should be shared settings, by itself. */
export function* sharedProblems(value: unknown): Generator<string> {
  let isSound = true;
  for (const error of Value.Errors(SharedSettingsSchema, value)) {
    isSound = false;
    const found = error.instancePath === '' ? value : Value.Pointer.Get(value as object, error.instancePath);
    yield `${error.instancePath || '/'}: ${error.message}, found ${shapeOf(found)}`;
  }
  if (isSound) yield* unknownKeys(SharedSettingsSchema as TSchema, value);
}

function dataAt(network: NetworkSettings, key: NetworkDataKey): unknown {
  return (network as Readonly<Record<string, unknown>>)[key];
}

function withoutAbsent(data: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
}
