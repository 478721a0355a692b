import { PAN_DATA_KEY, PAN_LOOKUP_KEY } from '../operations/pan.ts';
import { readTokenAccess } from '../settings.ts';
import {
  createMacKey,
  createTripleDesKey,
  generateLmk,
  generatePanDataKey,
  generatePanLookupKey,
  LMK,
} from '../token/create.ts';
import { KeyTable } from '../token/keys.ts';
import { initialiseToken, TokenSession } from '../token/pkcs11.ts';
import { DEVELOPMENT_MAC_KEYS, DEVELOPMENT_PIN_KEYS, developmentKey } from './keys.ts';

/** Entry point of the process that `prepareDevelopmentToken` runs: the token and every key it lacks. */
function run(): void {
  const { token, userPin } = readTokenAccess(process.env);
  initialiseToken(token, userPin);
  const session = TokenSession.open(token, userPin);
  const present = new Set([...new KeyTable(session, () => 0).all()].map((key) => key.label));
  const unlessPresent = (label: string, create: () => void) => {
    if (!present.has(label)) create();
  };
  unlessPresent(LMK, () => generateLmk(session, LMK));
  unlessPresent(PAN_DATA_KEY, () => generatePanDataKey(session, PAN_DATA_KEY));
  unlessPresent(PAN_LOOKUP_KEY, () => generatePanLookupKey(session, PAN_LOOKUP_KEY));
  for (const name of DEVELOPMENT_PIN_KEYS) {
    unlessPresent(name, () => createTripleDesKey(session, name, 'P0', developmentKey(name)));
  }
  for (const name of DEVELOPMENT_MAC_KEYS) {
    unlessPresent(name, () => createMacKey(session, name, developmentKey(name)));
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
