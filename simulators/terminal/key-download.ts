import { SimulatorError } from '../errors.ts';
import type { Exchange, Outgoing } from './exchange.ts';
import { givenKeys, type KeyCheckValues, type KeyStore, openKeys } from './installed-keys.ts';
import { keyConfirmationMessage, keyRequestMessage, type Moment, type Sender } from './messages.ts';

/** How a terminal came by new keys, or did not. */
export interface KeyDownload {
  installed: boolean;
  /** Of what it was given, as it computes them. */
  computed?: KeyCheckValues;
  /** Why nothing was installed although the answer was a yes. */
  reason?: string;
  /** The request, and the confirmation where there was one. */
  exchanges: Exchange[];
}

interface Means {
  sender: Sender;
  store: KeyStore;
  masterKey: Buffer;
  moment(): Moment;
  send(outgoing: Outgoing): Promise<Exchange>;
}

/**
 * Asks for keys (0800), opens them with the master key, and installs them where they are what the answer says they are;
 * then says so, sealed with the new ones. Else it says under the old ones what it computed, so that nobody waits for
 * it.
 *
 * @param isTold false: the switch hears of it by the first message under the new keys
 */
export async function downloadKeys(
  { sender, store, masterKey, moment, send }: Means,
  isTold: boolean,
): Promise<KeyDownload> {
  const request = await send({ service: 'network', message: keyRequestMessage(sender, moment()) });
  const exchanges = [request];
  const { de62 } = request.reply ?? {};
  if (!request.approved || de62 === undefined) return { installed: false, exchanges };
  const confirm = async (computed: KeyCheckValues) => {
    const told = await send({
      service: 'network',
      message: keyConfirmationMessage(computed, sender, moment()),
    });
    exchanges.push(told);
    return told;
  };
  try {
    const { blocks, told } = givenKeys(de62);
    const { keys, computed } = openKeys(blocks, masterKey);
    if (computed.pin !== told.pin || computed.mac !== told.mac) {
      await confirm(computed);
      return { installed: false, computed, reason: 'KCV', exchanges };
    }
    const before = sender.keys;
    sender.keys = keys;
    if (isTold && REFUSED.has((await confirm(computed)).code ?? '')) {
      if (before) sender.keys = before;
      return { installed: false, computed, reason: 'refused', exchanges };
    }
    store.save(blocks);
    return { installed: true, computed, exchanges };
  } catch (error) {
    if (!(error instanceof SimulatorError) || error.code !== 'SIM_KEY_BLOCK') throw error;
    await confirm(NOTHING);
    return { installed: false, reason: error.message, exchanges };
  }
}

/** DE39 of the answer to a confirmation: other keys than were given; a MAC under none that is known. */
const REFUSED: ReadonlySet<string> = new Set(['79', '63']);
/** What a terminal tells that could not open what it was given. */
const NOTHING: KeyCheckValues = { pin: '000000', mac: '000000' };
