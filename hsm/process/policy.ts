import { readFileSync, statSync } from 'node:fs';
import { HsmError } from '../errors.ts';
import { type Caller, EVERYBODY, type ExchangeRules, IN_SERVICE, matches } from '../keys/authority.ts';
import { isRecord } from '../keys/record.ts';
import { OPERATIONS, type OperationName } from '../protocol/operations.ts';
import type { PeerCredentials } from './peer-credentials.ts';
import { TokenBucket } from './token-bucket.ts';

/**
 * Who may ask for what (`HSM_POLICY`, a JSON file): peers by the user they run as, which the kernel tells, and for each
 * its operations, the keys it may name, and how many requests a second.
 *
 * Without a policy the process serves its own user (and root) alone, for everything: development, where all runs under
 * one user. Production does not start without one: there one user for all means that who asks can read the PIN file.
 *
 * Rejected: names and passwords on the socket. A peer's user is known without trusting the peer.
 */
export interface PeerPolicy {
  readonly caller: Caller;
  readonly users: ReadonlySet<number>;
  readonly operations: ReadonlySet<OperationName>;
  /** Absent: any. */
  readonly keys?: readonly string[];
  readonly perSecond?: number;
  /** Of single operations. */
  readonly limits: ReadonlyMap<OperationName, number>;
}

export type Policy = readonly PeerPolicy[];

const ALWAYS: readonly OperationName[] = ['ping', 'status'];

/** Operations under one name, for those who write a policy. */
const GROUPS: Readonly<Record<string, readonly OperationName[]>> = {
  payments: [
    'openRequest',
    'generateMac',
    'verifyMac',
    'translatePin',
    'protectPan',
    'dukptData',
    'keyCheckValue',
  ],
  'stand-in': ['verifyPvv', 'verifyOffset', 'verifyCardValue', 'verifyArqc'],
  issuing: ['generateCardValue', 'scriptMac', 'changeCardPin'],
  cards: ['revealPan'],
  exchange: [
    'generateKey',
    'importKeyBlock',
    'exportKeyBlock',
    'setKeyState',
    'describeKey',
    'keyCheckValue',
  ],
  audit: ['sign', 'publicKey'],
  all: Object.keys(OPERATIONS) as OperationName[],
};

/** In development. */
export function ownUserPolicy(users: ReadonlySet<number>): Policy {
  return [{ caller: EVERYBODY, users, operations: new Set(GROUPS['all']), limits: new Map() }];
}

/** @throws HSM_SETTINGS_INVALID */
export function readPolicy(path: string): Policy {
  try {
    const { mode } = statSync(path);
    if ((mode & 0o022) !== 0) throw new Error('others may write it');
    const { peers } = JSON.parse(readFileSync(path, 'utf8')) as { peers?: unknown };
    if (!Array.isArray(peers) || peers.length === 0) throw new Error('it names no peers');
    return peers.map(policyOf);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    throw new HsmError('HSM_SETTINGS_INVALID', `HSM_POLICY ${path}: ${reason}`, { cause: error });
  }
}

interface WrittenPeer {
  name?: unknown;
  users?: unknown;
  operations?: unknown;
  keys?: unknown;
  perSecond?: unknown;
  limits?: unknown;
  exchange?: unknown;
}

const KNOWN = new Set(['name', 'users', 'operations', 'keys', 'perSecond', 'limits', 'exchange']);

function policyOf(written: WrittenPeer): PeerPolicy {
  const unknown = Object.keys(written).find((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw new Error(`a peer has no ${unknown}`);
  const { name, users, operations, keys, perSecond, limits = {}, exchange } = written;
  if (typeof name !== 'string' || !/^[\w .-]{1,40}$/.test(name)) throw new Error('a peer needs a name');
  if (keys !== undefined && !isTexts(keys)) {
    throw new Error(`keys of ${name} are names, or beginnings with *`);
  }

  return {
    caller: { name, exchange: exchangeOf(name, exchange) },
    users: new Set(listOf(name, 'users', users).map(userOf)),
    operations: new Set([...ALWAYS, ...listOf(name, 'operations', operations).flatMap(operationsOf)]),
    ...(keys !== undefined && { keys }),
    ...(perSecond !== undefined && { perSecond: rateOf(name, perSecond) }),
    limits: new Map(
      Object.entries(limits as object).flatMap(([group, rate]) =>
        operationsOf(group).map((operation) => [operation, rateOf(name, rate)] as const),
      ),
    ),
  };
}

function exchangeOf(name: string, written: unknown): ExchangeRules {
  if (written === undefined) return { import: [], export: [] };
  if (written === 'in-service') return IN_SERVICE;
  if (typeof written !== 'object' || written === null) {
    throw new Error(`exchange of ${name} is in-service, or has import and export`);
  }
  const rules = written as Partial<ExchangeRules>;
  const ruled = (direction: 'import' | 'export') => {
    const list = rules[direction] ?? [];
    if (
      !Array.isArray(list) ||
      !list.every(({ under, usages }) => typeof under === 'string' && isTexts(usages))
    ) {
      throw new Error(`exchange of ${name}: ${direction} is a list of under and usages`);
    }
    return list;
  };
  return { import: ruled('import'), export: ruled('export') };
}

function listOf(name: string, member: string, written: unknown): readonly (string | number)[] {
  if (Array.isArray(written) && written.length > 0) return written;
  throw new Error(`${name} needs ${member}, a list`);
}

function isTexts(written: unknown): written is readonly string[] {
  return Array.isArray(written) && written.every((text) => typeof text === 'string');
}

function operationsOf(name: string | number): readonly OperationName[] {
  const group = GROUPS[name];
  if (group) return group;
  if (Object.hasOwn(OPERATIONS, name)) return [name as OperationName];
  throw new Error(`there is no operation nor group ${name}`);
}

/** A number, or a name of this machine. */
function userOf(user: string | number): number {
  if (typeof user === 'number' && Number.isInteger(user) && user >= 0) return user;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`));
  if (!line) throw new Error(`there is no user ${user}`);
  return Number(line.split(':')[2]);
}

function rateOf(name: string, rate: unknown): number {
  if (typeof rate === 'number' && rate > 0 && rate <= 1_000_000) return rate;
  throw new Error(`a rate of ${name} is a number of requests a second`);
}

/** The names of keys that requests carry, whatever they are for. */
const REFERENCES = ['key', 'to', 'pvk', 'protection', 'integrity', 'cryptogram', 'confidentiality'] as const;
const KEYS_REMEMBERED = 10_000;

/** What one peer's connections may do; its rates are the peer's, over all its connections. */
export class PeerRights {
  readonly caller: Caller;
  readonly #policy: PeerPolicy;
  readonly #all: TokenBucket | undefined;
  readonly #each: ReadonlyMap<OperationName, TokenBucket>;
  readonly #allowed = new Set<string>();

  constructor(policy: PeerPolicy) {
    this.caller = policy.caller;
    this.#policy = policy;
    this.#all = policy.perSecond === undefined ? undefined : new TokenBucket(policy.perSecond);
    this.#each = new Map([...policy.limits].map(([name, rate]) => [name, new TokenBucket(rate)]));
  }

  /** @throws HSM_NOT_ALLOWED, HSM_BUSY */
  check(name: OperationName, request: unknown, now: number): void {
    const { operations, keys } = this.#policy;
    if (!operations.has(name)) {
      throw new HsmError('HSM_NOT_ALLOWED', `${this.caller.name} may not ask for ${name}`);
    }
    if (keys) for (const key of namesIn(request)) this.#checkKey(key, keys);
    if (this.#all?.take(now) === false || this.#each.get(name)?.take(now) === false) {
      throw new HsmError('HSM_BUSY', `${this.caller.name} asks for ${name} too often`);
    }
  }

  /** A record needs no permission: nobody has it but who was given it. */
  #checkKey(key: string, patterns: readonly string[]): void {
    if (this.#allowed.has(key) || key === '' || isRecord(key)) return;
    if (!patterns.some((pattern) => matches(pattern, key))) {
      throw new HsmError('HSM_NOT_ALLOWED', `${this.caller.name} may not name ${key}`);
    }
    if (this.#allowed.size < KEYS_REMEMBERED) this.#allowed.add(key);
  }
}

function* namesIn(request: unknown): Generator<string> {
  const fields = request as Readonly<Record<string, unknown>>;
  for (const reference of REFERENCES) {
    const name = fields[reference];
    if (typeof name === 'string') yield name;
  }
  const { seal, pin } = fields as {
    seal?: { keys: { mac: string; pin: string }[] };
    pin?: { key: string; to: string };
  };
  if (pin) yield* [pin.key, pin.to];
  for (const { mac, pin: pinKey } of seal?.keys ?? []) yield* [mac, pinKey];
}

/** The peers of a process. */
export class Peers {
  readonly #rights: readonly { users: ReadonlySet<number>; rights: PeerRights }[];

  constructor(policy: Policy) {
    this.#rights = policy.map((peer) => ({ users: peer.users, rights: new PeerRights(peer) }));
  }

  /** @throws HSM_NOT_ALLOWED */
  admit(credentials: PeerCredentials | undefined): PeerRights {
    const found = credentials && this.#rights.find(({ users }) => users.has(credentials.user));
    if (found) return found.rights;
    throw new HsmError('HSM_NOT_ALLOWED', `user ${credentials?.user ?? 'unknown'} is no peer`);
  }
}
