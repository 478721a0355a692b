import { withoutRepeat } from '../../messages/index.ts';
import type { Inbound, Received } from '../admission/inbound.ts';
import { proveAdvice, proveNotice, provePayment, proveSealed, proveSender } from '../admission/prove.ts';
import { Refusal } from '../errors.ts';
import type { TerminalKeySet } from '../keys/key-records.ts';
import { type ManagementService, managementService } from '../keys/management-codes.ts';
import type { Ports } from '../ports.ts';
import type { Deed } from '../requests/services.ts';
import { requestedService } from '../requests/understand.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { advise } from './advise.ts';
import { authorise } from './authorise.ts';
import { increment } from './increment.ts';
import { acknowledge, giveKeys, proveInstalledKeys } from './manage-network.ts';
import { settle } from './settle.ts';
import { reverse, voidPayment } from './take-back.ts';
import { uploadOrChip } from './upload-chip.ts';

// Which verb serves which message, and what is proven of the message before the verb sees it. The types hold the
// second: a verb that takes a `CardInbound` cannot stand behind `proveSender`.

/** A verb whose message is proven, or needs no proof. */
export interface Ready {
  /** What the answer is sealed with; absent where nothing was proven. */
  readonly keys: TerminalKeySet | undefined;
  /** It came with a MAC that was not right, and is served all the same. */
  readonly wasDoubted?: boolean;
  answer(): Promise<ReplyFields | undefined>;
}

/** @throws Refusal where the message cannot be proven */
type Verb = (received: Received, ports: Ports) => Promise<Ready>;

type Handler<Message> = (message: Message, ports: Ports) => Promise<ReplyFields | undefined>;

const withProof =
  <Proven extends Inbound>(
    prove: (received: Received, ports: Ports) => Promise<Proven>,
    handle: Handler<Proven>,
  ): Verb =>
  async (received, ports) => {
    const proven = await prove(received, ports);
    return { keys: proven.keys, answer: () => handle(proven, ports) };
  };

/** Its answer is sealed where the message is. A wrong MAC is refused: who is out of step hears it. */
const provenIfSealed =
  (handle: Handler<Received>): Verb =>
  async (received, ports) => {
    const keys = await proveSealed(received, ports);
    return { keys, answer: () => handle(received, ports) };
  };

/** Whoever has lost its keys has no MAC that is right: a wrong one is as good as none. */
const provenIfRight =
  (handle: Handler<Received>): Verb =>
  async (received, ports) => {
    const proven = await proveSealed(received, ports).then(
      (keys) => ({ keys }),
      () => ({ keys: undefined, wasDoubted: true }),
    );
    return { ...proven, answer: () => handle(received, ports) };
  };

const ADVISE = withProof(proveAdvice, advise);
const REVERSE = withProof(proveNotice, reverse);
const UPLOAD = withProof(proveSender, uploadOrChip);
const SETTLE = withProof(proveSender, settle);

/** By what the table of services says is to be done. */
const DEEDS: Readonly<Record<Deed, Verb>> = {
  ask: withProof(provePayment, authorise),
  add: withProof(provePayment, increment),
  void: withProof(proveNotice, voidPayment),
  tell: ADVISE,
  complete: ADVISE,
  adjust: ADVISE,
};

const MANAGE: Readonly<Record<ManagementService, Verb>> = {
  'sign-on': provenIfSealed(acknowledge),
  'sign-off': provenIfSealed(acknowledge),
  echo: provenIfSealed(acknowledge),
  'key-download': provenIfRight(giveKeys),
  'key-confirmation': withProof(proveInstalledKeys, acknowledge),
};

/** @throws Refusal SW_UNSUPPORTED_MESSAGE, SW_FORMAT */
export function verbOf({ message, listener }: Pick<Received, 'message' | 'listener'>): Verb {
  const mti = withoutRepeat(message.mti);
  switch (mti) {
    case '0100':
    case '0200':
      return DEEDS[requestedService(message).deed];
    // An advice of no service is kept: it is looked at behind its proof.
    case '0120':
    case '0220':
      return ADVISE;
    case '0400':
    case '0420':
      return REVERSE;
    case '0320':
      return UPLOAD;
    case '0500':
      return SETTLE;
    case '0800': {
      const service = managementService(listener, message);
      if (service) return MANAGE[service];
    }
  }
  throw new Refusal('SW_UNSUPPORTED_MESSAGE', { mti: message.mti });
}
