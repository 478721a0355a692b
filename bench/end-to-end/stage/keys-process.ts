import { storeKey } from '../../../hsm/keys/create.ts';
import { readTokenAccess } from '../../../hsm/process/settings.ts';
import { TokenSession } from '../../../hsm/token/pkcs11.ts';
import { probeToken } from '../../../hsm/token/probe.ts';
import { Scratch } from '../../../hsm/token/secrets.ts';
import { addedTerminals, terminalKey } from '../fleet.ts';

/** Gives a fresh development token the keys of the terminals it does not know: `node keys-process.ts COUNT`. */
const { token, userPin } = readTokenAccess(process.env);
const session = TokenSession.open(token, userPin);
const profile = probeToken(session);
for (const terminal of addedTerminals(Number(process.argv[2]))) {
  for (const [name, usage] of [[`TPK/${terminal}`, 'PT'] as const, [`TAK/${terminal}`, 'M3'] as const]) {
    Scratch.use(session, profile, (scratch) => storeKey(scratch, name, usage, 'T', terminalKey(name)));
  }
}
session.close();
