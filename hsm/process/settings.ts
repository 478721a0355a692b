import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { HsmError } from '../errors.ts';
import { MAC_LENGTH } from '../keyblock/header.ts';
import { STRENGTHS } from '../keys/strength.ts';
import { PIN_LIMITS, type PinLimits } from '../pin/guard.ts';
import { findSoftHsm, SOFTWARE_REFUSED, type TokenSettings } from '../token/pkcs11.ts';

/** How to open the token. */
export interface TokenAccess {
  token: TokenSettings;
  userPin: string;
  production: boolean;
}

export interface HsmSettings extends TokenAccess {
  socketPath: string;
  /** Where counters and uses are recorded; absent: they are forgotten with the process. */
  ledgerPath: string | undefined;
  /** A file; absent: the process's own user alone, which production refuses. */
  policyPath: string | undefined;
  socketGroup: number | undefined;
  /** For so long the token may keep the process from everything else. */
  hangMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The settings of the HSM process: `HSM_SOCKET` (path of the Unix socket), `HSM_TOKEN_LABEL`, `PKCS11_MODULE`
 * (default: SoftHSM where Debian puts it), `PKCS11_SLOT` (where labels are not unique), `PKCS11_PARAMETERS` (for
 * NSS), `HSM_OPEN_KEYS` (for tokens with little room), `HSM_OPERATION_MS` (how long an operation may stay open for
 * the next request, see docs/hsm.md), `HSM_KEY_BLOCK_VERSIONS` (in which keys may come: `B,D,E` unless it says more),
 * `HSM_LEAST_STRENGTH` (of working keys, in bits: see keys/strength.ts), `HSM_PIN_TRIES` (how many wrong PINs of one
 * card in a row, see pin/guard.ts), `HSM_POLICY` and `HSM_SOCKET_GROUP` (who may ask for what, see policy.ts; needed in
 * production), `HSM_USE_LEDGER` (see keys/use-ledger.ts; needed in production), `HSM_HANG_MS` (how long a call of the
 * token may last, see watchdog.ts), and the user PIN from `HSM_PIN_FD` (an open file descriptor) or `HSM_PIN_FILE`
 * (mode 0600). The PIN itself is never in the environment nor among the arguments.
 * @throws HSM_SETTINGS_INVALID naming the setting and what it should be
 */
export function readSettings(environment: Environment): HsmSettings {
  const socketPath = required(environment, 'HSM_SOCKET', 'the path of the Unix socket');
  const access = readTokenAccess(environment);
  const ledgerPath = access.production
    ? required(environment, 'HSM_USE_LEDGER', 'a file on a local disk, where used counters are recorded')
    : environment['HSM_USE_LEDGER'];
  const policyPath = access.production
    ? required(environment, 'HSM_POLICY', 'a file that says which users may ask for what')
    : environment['HSM_POLICY'] || undefined;
  const hangMs = wholeNumberOf(environment, 'HSM_HANG_MS', HANG_MS) ?? HANG_DEFAULT_MS;
  return { socketPath, ledgerPath, policyPath, hangMs, socketGroup: groupOf(environment), ...access };
}

/** The settings without a socket: for the processes that only work on the token. */
export function readTokenAccess(environment: Environment): TokenAccess {
  const production = environment['NODE_ENV'] === 'production';
  const modulePath = environment['PKCS11_MODULE'] ?? findSoftHsm();
  const refusesSoftware = production && environment['HSM_ALLOW_SOFTWARE_TOKEN'] !== '1';
  // By its name before it is loaded, and by what it says of itself once it is.
  if (refusesSoftware && isSoftwareToken(modulePath)) {
    throw new HsmError('HSM_SETTINGS_INVALID', SOFTWARE_REFUSED);
  }
  const slot = slotOf(environment);
  const openKeys = wholeNumberOf(environment, 'HSM_OPEN_KEYS', OPEN_KEYS);
  const operationMs = wholeNumberOf(environment, 'HSM_OPERATION_MS', OPERATION_MS);
  const tries = wholeNumberOf(environment, 'HSM_PIN_TRIES', PIN_TRIES);
  const keyBlockVersions = versionsOf(environment);
  const libraryParameters = environment['PKCS11_PARAMETERS'];
  return {
    token: {
      modulePath,
      label: required(environment, 'HSM_TOKEN_LABEL', 'the label of the token'),
      ...(libraryParameters === undefined ? {} : { libraryParameters }),
      ...(slot === undefined ? {} : { slot }),
      ...(openKeys === undefined ? {} : { openKeys }),
      ...(operationMs === undefined ? {} : { operationMs }),
      ...(keyBlockVersions === undefined ? {} : { keyBlockVersions }),
      leastStrength: leastStrengthOf(environment),
      ...(tries === undefined ? {} : { pinLimits: pinLimitsOf(tries) }),
      refusesSoftware,
      refusesDevelopmentKeys: production,
    },
    userPin: readUserPin(environment),
    production,
  };
}

/** More in a row than a day would otherwise allow are allowed in a day as well. */
function pinLimitsOf(tries: number): PinLimits {
  return { ...PIN_LIMITS, inARow: tries, aDay: Math.max(tries, PIN_LIMITS.aDay) };
}

function slotOf(environment: Environment): number | undefined {
  const text = environment['PKCS11_SLOT'];
  if (text === undefined || text === '') return undefined;
  if (!/^[0-9]{1,10}$/.test(text) || Number(text) > 0xffff_ffff) {
    throw new HsmError(
      'HSM_SETTINGS_INVALID',
      'PKCS11_SLOT must be the identifier of a slot, a whole number',
    );
  }
  return Number(text);
}

/** By number, or by its name on this machine. */
function groupOf(environment: Environment): number | undefined {
  const group = environment['HSM_SOCKET_GROUP'];
  if (group === undefined || group === '') return undefined;
  if (/^[0-9]{1,9}$/.test(group)) return Number(group);
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${group}:`));
  if (!line) throw new HsmError('HSM_SETTINGS_INVALID', `HSM_SOCKET_GROUP: there is no group ${group}`);
  return Number(line.split(':')[2]);
}

const OPEN_KEYS = { from: 16, to: 65_536 };
const OPERATION_MS = { from: 0, to: 1_000 };
const PIN_TRIES = { from: 1, to: 1_000 };
const HANG_MS = { from: 1_000, to: 600_000 };
const HANG_DEFAULT_MS = 10_000;

function wholeNumberOf(
  environment: Environment,
  setting: string,
  { from, to }: { from: number; to: number },
): number | undefined {
  const text = environment[setting];
  if (text === undefined || text === '') return undefined;
  const number = /^[0-9]{1,6}$/.test(text) ? Number(text) : -1;
  if (number < from || number > to) {
    throw new HsmError('HSM_SETTINGS_INVALID', `${setting} must be a whole number from ${from} to ${to}`);
  }
  return number;
}

function versionsOf(environment: Environment): ReadonlySet<string> | undefined {
  const text = environment['HSM_KEY_BLOCK_VERSIONS'];
  if (text === undefined || text === '') return undefined;
  const versions = text.split(',');
  if (versions.some((version) => !(version in MAC_LENGTH))) {
    throw new HsmError(
      'HSM_SETTINGS_INVALID',
      'HSM_KEY_BLOCK_VERSIONS must be letters of key block versions with commas between them: A, B, C, D, E',
    );
  }
  return new Set(versions);
}

function leastStrengthOf(environment: Environment): number {
  const text = environment['HSM_LEAST_STRENGTH'];
  const least =
    text === undefined || text === '' ? STRENGTHS[0] : STRENGTHS.find((bits) => String(bits) === text);
  if (least !== undefined) return least;
  throw new HsmError('HSM_SETTINGS_INVALID', `HSM_LEAST_STRENGTH must be one of ${STRENGTHS.join(', ')}`);
}

function isSoftwareToken(modulePath: string): boolean {
  return /softhsm|softokn|opencryptoki/i.test(modulePath);
}

function required(environment: Environment, key: string, meaning: string): string {
  const value = environment[key];
  if (value === undefined || value === '') {
    throw new HsmError('HSM_SETTINGS_INVALID', `${key} is missing: ${meaning}`);
  }
  return value;
}

function readUserPin(environment: Environment): string {
  const descriptor = environment['HSM_PIN_FD'];
  if (descriptor !== undefined) {
    if (!/^[0-9]{1,4}$/.test(descriptor)) {
      throw new HsmError('HSM_SETTINGS_INVALID', 'HSM_PIN_FD must be the number of an open file descriptor');
    }
    return pinFrom(Number(descriptor), 'HSM_PIN_FD');
  }
  const path = required(
    environment,
    'HSM_PIN_FILE',
    'a file of mode 0600 with the user PIN, unless HSM_PIN_FD is set',
  );
  let opened: number;
  try {
    opened = openSync(path, 'r');
  } catch (error) {
    throw new HsmError('HSM_SETTINGS_INVALID', `HSM_PIN_FILE ${path} cannot be read`, { cause: error });
  }
  const mode = fstatSync(opened).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    closeSync(opened);
    throw new HsmError(
      'HSM_SETTINGS_INVALID',
      `HSM_PIN_FILE ${path} has mode 0${mode.toString(8)}: others may read it, make it 0600`,
    );
  }
  return pinFrom(opened, 'HSM_PIN_FILE');
}

function pinFrom(descriptor: number, setting: string): string {
  try {
    const pin = readFileSync(descriptor, 'utf8').trim();
    if (pin === '') throw new HsmError('HSM_SETTINGS_INVALID', `${setting} gives an empty user PIN`);
    return pin;
  } finally {
    closeSync(descriptor);
  }
}
