import { generateStoredKey, LMK, RECORD_SEAL, storeKey } from '../keys/create.ts';
import { AUDIT_KEY, SigningKeys } from '../keys/signing-keys.ts';
import { TokenKeys } from '../keys/token-keys.ts';
import { PAN_DATA_KEY, PAN_LOOKUP_KEY } from '../operations/pan.ts';
import { readTokenAccess } from '../process/settings.ts';
import { initialiseToken } from '../token/initialise.ts';
import { TokenSession } from '../token/pkcs11.ts';
import { probeToken } from '../token/probe.ts';
import { Scratch } from '../token/secrets.ts';
import { DEVELOPMENT_KEYS, developmentKey } from './keys.ts';

const RANDOM_KEY_LENGTH = 32;

/** Entry point of the process that `prepareDevelopmentToken` runs: the token and every key it lacks. */
function run(): void {
  const { token, userPin } = readTokenAccess(process.env);
  initialiseToken(token, userPin);
  const session = TokenSession.open(token, userPin);
  const present = new Set([...new TokenKeys(session, () => 0).all()].map((key) => key.name));
  const profile = probeToken(session);
  const unlessPresent = (label: string, create: (scratch: Scratch) => void) => {
    if (!present.has(label)) Scratch.use(session, profile, create);
  };
  const generated = (label: string, usage: 'K0' | 'KM' | 'D0' | 'HL', algorithm: 'A' | 'H') =>
    unlessPresent(label, (scratch) => generateStoredKey(scratch, label, usage, algorithm, RANDOM_KEY_LENGTH));
  generated(LMK, 'K0', 'A');
  generated(RECORD_SEAL, 'KM', 'H');
  generated(PAN_DATA_KEY, 'D0', 'A');
  generated(PAN_LOOKUP_KEY, 'HL', 'H');
  const signingKeys = new SigningKeys(session);
  if (!signingKeys.has(AUDIT_KEY)) signingKeys.generate(AUDIT_KEY);
  for (const { name, usage, algorithm } of DEVELOPMENT_KEYS) {
    unlessPresent(name, (scratch) => storeKey(scratch, name, usage, algorithm, developmentKey(name)));
  }
  session.close();
}

try {
  run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
process.disconnect?.();
