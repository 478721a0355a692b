import {
  type Codec,
  type compile,
  type Dialect,
  type ElementPolicy,
  IsoError,
  iso87Ascii,
  iso87AsciiHex,
  iso87Bcd,
  posBcd,
} from '../../messages/index.ts';
import type { Clock, Log } from '../../runtime/index.ts';
import { PeerLog } from '../admission/peer-log.ts';
import { listenerElementPolicies } from '../config/element-policies.ts';
import type { ListenerSettings } from '../config/settings.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';

type Tolerance = NonNullable<Parameters<typeof compile>[2]>;
