/**
 * What no seed can reach, each with its reason and with the tests that reach it instead. A branch that was reached all
 * the same is counted as any other, so that nothing hides here that only seemed to be out of reach. What a simulation
 * could reach and does not is no excuse and is not listed: it counts as missed.
 */
import type { Branch, BranchKind } from './branches.ts';

export interface Unreachable {
  /** From the root of the project; absent: in any file. */
  readonly file?: string;
  /** Absent: any of the file's. */
  readonly kinds?: readonly BranchKind[];
  /** What its line says, without the blanks around it; absent: all of the file. */
  readonly line?: RegExp;
  readonly because: string;
  /** A file of tests that reaches it, or tests of the kind. */
  readonly testedBy: string;
}

const NO_OPENING = 'a transaction that folds has its opening: the types do not say so, and the fold does';
const OTHER_ERRORS = 'only a defect of the core throws anything else there: it ends the process, or a test';
const BOUND = 'so many come together in hours of service, not in a run of forty seconds';
const STATUS = 'asked by the status server, which listens on a real socket';
const SQL = 'it speaks to PostgreSQL: the simulated database stands below it, at the same interface';
const SOCKETS = 'it opens real sockets, or TLS on them';
const MALFORMED = 'nothing of the core makes such an entry: the journal refuses what a defect would';
const OWN_FILE =
  'a node reads its own file once, before it serves anything, and a run has no files: only what all nodes share changes';
const GATEWAY = 'only the gateway asks so, and it speaks HTTP on a real socket';
const CERTIFICATES = 'certificates come with TLS, which simulated connections do not have';

/** Shapes of code that are out of reach wherever they stand. */
const SHAPES: readonly Unreachable[] = [
  {
    kinds: ['operand', 'either'],
    line: /opening\)?\?\.(facts|network|popParties)\b.*\?\?|opening\?\.network \?\? ''|= found\.opening\?\.|transaction\?\.opening \?\?/,
    because: NO_OPENING,
    testedBy: 'switch/transaction/decision-entry.test.ts',
  },
  {
    kinds: ['then', 'either'],
    line: /^if \(!(now\.|transaction\.|folded\.|found\.)?opening\) (return|throw)|followUps = opening \? .* : \[\];|^if \(!folded( \|\| !first)?\) (return|throw)/,
    because: NO_OPENING,
    testedBy: 'switch/follow-up/follow-up.test.ts',
  },
  {
    kinds: ['then', 'otherwise', 'operand', 'catch'],
    line: /^if \(!\(error instanceof (JournalError|IsoError|HsmError)( \|\| .*)?\)\) (throw error|return \{\});$|^throw error;$|^if \(error instanceof HsmError \|\| error instanceof Refusal\)|^if \(!\(error instanceof Error\)\)/,
    because: OTHER_ERRORS,
    testedBy: 'switch/serve/serve.test.ts',
  },
  {
    kinds: ['either'],
    line: /error instanceof Error( && 'code' in error)? \? error\.(message|code) : /,
    because: 'whatever is thrown is an Error: the language allows others',
    testedBy: 'runtime/explain.test.ts',
  },
  {
    kinds: ['then'],
    line: /^if \(!connector\) return \{ park: /,
    because:
      'a network that was taken out of the settings while follow-ups of it wait: nothing restarts so in a run',
    testedBy: 'switch/follow-up/follow-up.test.ts',
  },
  {
    kinds: ['then', 'operand', 'loop', 'otherwise', 'either'],
    line: /^if \(.*(size|length|strays|place|number|written|left|count|spent) *(>=?|<) *(this\.#(capacity|sweepAt|limit)|MAX_\w+|MOST\w*|LINES|1|most|strangersPerCircle|limits\.maxInFlight)\b/,
    because: BOUND,
    testedBy: 'tests of the file beside it, and test/fairness.test.ts',
  },
];

const BOUNDS: readonly Unreachable[] = [
  {
    line: /MOST_PLACES|isGivenTooOften|MAX_SERVING|wasFull|isCrowded|for \(const oldest of|this\.#ranges\.delete\(oldest\)|leftOut > 0 \?|MAX_HELD|held\.length === limit|due\.length === limit/,
    because: BOUND,
    testedBy: 'tests of the file beside it, and test/fairness.test.ts',
  },
  {
    line: /this\.#writable|onDrain\(\)|#pausedAt !== undefined|isPaused\(\) \?/,
    because: 'simulated streams take whatever is written: a kernel has buffers that fill',
    testedBy: 'switch/serve/peer.test.ts, connectors/link/iso-link.test.ts',
  },
  {
    line: /isWaiting && bytes >= FULL_READ_BYTES|backlog|now - this\.#beatAt > this\.#beatMs/,
    because: 'reads of a kernel are full after a pause of a real process',
    testedBy: 'switch/serve/peer.test.ts',
  },
  {
    line: /'inexpressible'|facts\.kind === 'offline-purchase'\) return undefined|^if \(!request\) \{$|match key for|typeof value !== 'string'\) return undefined|keysByReply\[mti\]|^if \(!elements\) return undefined/,
    because:
      'what a dialect cannot say is never asked of it: the services know, and each message has its numbers',
    testedBy: 'connectors/link/network-connector.test.ts',
  },
  {
    line: /case 'not-applicable':|: \(\{ status: 'not-applicable' \} as const\)|^if \(!purchase\) \{$/,
    because: 'a follow-up of a proof is queued only where there is one to have',
    testedBy: 'switch/follow-up/follow-up.test.ts',
  },
  {
    line: /networkRrn === undefined\) return|businessDate \?\?|Object\.hasOwn\(WAITS_BEHIND/,
    because: 'entries and follow-ups that another release wrote',
    testedBy: 'switch/journal/body-form.test.ts',
  },
  {
    line: /paymentsOf \} = batches \?\?|^if \(!batches \|\| !paymentsOf\)|^if \(!rules\) return|= rules \?\? \{\};|^if \(!notifications\)|^if \(!keyDownload\)|^if \(!watched\)|^if \(!records\)|ports\.settings \?\? \{\}|else end\(\);/,
    because: 'parts that a process may be put together without, and no process of a run is',
    testedBy: 'switch/serve/serve.test.ts, test/start.test.ts',
  },
  {
    line: /^if \(!(increment|before|holding|longest|accepted|own|known|stored|reply)\) (return|break)|^if \(!this\.#open\) return|^if \(!terminal\) throw new Refusal\('SW_UNSUPPORTED|transaction \?\? \{\}|first\?\.body \?\?|stored \? await|error\.partial \?\? \{\}|found\.at\(-1\) \?\? first|\?\? draft\.state|TOLD_DAY\.exec|^if \(digit === undefined|item\.path\[|\[0\]\?\.expiresAt|#leases\.get\(|findings\.get\(|\]\?\.finding \?\?|BACKOFF_MS\[|#counts\.get\(|#lastSignedOn\.get|movesMoney \?\?|text\.match\(|this\.#known\.get\(|found\?\.networkMinorUnits \?\?/,
    because: 'the caller has excluded it, or the line before: the types ask for it all the same',
    testedBy: 'tests of the file beside it, where it has any',
  },
];

const DAYS: readonly Unreachable[] = [
  {
    line: /^if \(!crowd\.makeRoom|#counts\.size < MOST \?|throws >= most\) return|isOutage\(error\) \? MAX_|^return colon < 0 \? peer/,
    because: 'a full listener, outages of hours, and peers without a port',
    testedBy: 'switch/admission/crowd.test.ts, switch/follow-up/queue-throws.test.ts',
  },
  {
    line: /isHoldOver\(|\.\.\.\(isLate && |^captured: \(\{ isLate \}\)/,
    because: 'holds last for days, and the clock of a run steps by one at most',
    testedBy: 'test/money/holds.test.ts',
  },
];

const TYPES: readonly Unreachable[] = [
  {
    kinds: ['operand'],
    line: /(captured|held)MinorUnits \?\?|voids\.at\(-1\)\?\.|holdUntil \?\? 0|\.issuers \?\? \[\]|known\.find\(approves\) \?\?|request\.names \?\? facts|settings\.answers \?\? dialect/,
    because:
      'what is captured has its sum, a void what was before it, a reversal its names: the types do not say so',
    testedBy: 'test/life-cycle.test.ts',
  },
  {
    line: /^if \(!(last|first)\) return|cause instanceof Refusal\) throw cause|#waiting\.length === 0\) return|own\?\.size === 0|own\?\.whose\?\./,
    because: 'the caller has excluded it, or the line before: the types ask for it all the same',
    testedBy: 'tests of the file beside it, where it has any',
  },
  {
    kinds: ['case', 'otherwise'],
    line: /^case 'not-asked':$|retry\.again\(job\.attempt, outcome\.reason\)/,
    because:
      'a line that does not drain, or has a thousand requests under way: simulated streams take what is written',
    testedBy: 'switch/follow-up/advise-network.test.ts',
  },
  {
    file: 'switch/node/start-switch.ts',
    line: /tokens|gateway|secure/,
    because: 'the gateway speaks HTTP on a real socket',
    testedBy: 'test/gateway.test.ts',
  },
];

const OF_SETTINGS: readonly Unreachable[] = [
  {
    file: 'switch/config/read-settings.ts',
    line: /production|SettingsSchema|instancePath|timeZone|standIn|proxyFrom|isAddressOrNetwork|isLoopback\(host\)|tls|canParse|replyMarginMs|leaseMs|minLimit|maxQueueMs|DelayMs/,
    because: OWN_FILE,
    testedBy: 'switch/config/read-settings.test.ts',
  },
  {
    file: 'switch/config/unfit-gateway.ts',
    line: /gateway/,
    because: OWN_FILE,
    testedBy: 'switch/config/read-settings.test.ts',
  },
  {
    line: /packager \? |\/packager: /,
    because: 'specifications of listeners are files, and a run has none',
    testedBy: 'switch/serve/listener-framing.test.ts',
  },
  {
    line: /\(waited[,.]?|\(waited &&|^if \(named\) return|draft\.waited/,
    because: GATEWAY,
    testedBy: 'test/gateway-queue.test.ts',
  },
];

const OF_FILES: readonly Unreachable[] = [
  ...[
    'switch/journal/writer.ts',
    'switch/journal/flush-lines.ts',
    'switch/database/standby.ts',
    'switch/database/connection.ts',
    'switch/audit/claims-of.ts',
    'switch/audit/ended-epochs.ts',
    'switch/audit/entry-row.ts',
    'switch/journal/kept-flush.ts',
  ].map((file) => ({ file, because: SQL, testedBy: 'switch/journal/postgres-journal.test.ts' })),
  ...['connectors/etika/http-exchange.ts', 'switch/node/tls-ends.ts', 'switch/admission/handshakes.ts'].map(
    (file) => ({ file, because: SOCKETS, testedBy: 'test/tls.test.ts' }),
  ),
  { file: 'switch/journal/entry.ts', because: MALFORMED, testedBy: 'switch/journal/entry.test.ts' },
  {
    file: 'switch/journal/body-form.ts',
    kinds: ['then', 'otherwise', 'operand', 'function', 'either'],
    because: 'forms of bodies that an older release wrote, and bodies that no release writes',
    testedBy: 'switch/journal/body-form.test.ts',
  },
  {
    file: 'switch/admission/spoken-for.ts',
    because: CERTIFICATES,
    testedBy: 'switch/admission/spoken-for.test.ts',
  },
  {
    file: 'switch/serve/listener.ts',
    line: /fingerprint|peerCertificate|onRefused|sentBefore:|strangers:|terminals:/,
    because: CERTIFICATES,
    testedBy: 'test/tls.test.ts',
  },
  {
    kinds: ['function'],
    line: /^(get (size|count|waiting|unmatched|isAttached|unwritable|state)\(\)|status\(\)|counts\(\)|open\(\): OpenMode|connections: \(\) => )/,
    because: STATUS,
    testedBy: 'switch/node/status-server.test.ts',
  },
  {
    file: 'switch/journal/group-commit.ts',
    line: /SW_JOURNAL_(CLOSED|FULL)|failure === '(fenced|refused)'|this\.#over\)|isWorking|#unanswered|SW_JOURNAL_REFUSED|instanceof FlushError|pending\.isAnswered|RECONNECT_DELAYS_MS|copy\?\.keep|new Promise<void>/,
    because: 'a journal is closed, filled or refused by PostgreSQL: the simulated one refuses nothing',
    testedBy: 'switch/journal/group-commit.test.ts',
  },
  {
    file: 'switch/journal/write-trouble.ts',
    line: /DatabaseError|get why|isRecent|#away|instanceof Error/,
    because: STATUS,
    testedBy: 'switch/journal/write-trouble.test.ts',
  },
  {
    file: 'switch/journal/claim-names.ts',
    because: 'the day of a key matters to partitions of tables, and the simulated database has none',
    testedBy: 'switch/journal/claim-names.test.ts',
  },
  {
    file: 'switch/audit/publisher.ts',
    line: /isLate|isFinal|this\.status\(\)|isSigned|everyEntries|over === epoch/,
    because: 'heads that are late by minutes, or of thousands of entries',
    testedBy: 'switch/audit/life.test.ts',
  },
  {
    file: 'switch/admission/prove.ts',
    line: /HSM_PROTOCOL|asRefusal\(card\.refused\)/,
    because: 'an HSM that answers what nobody asked: its client refuses that first',
    testedBy: 'switch/admission/prove.test.ts',
  },
  {
    file: 'switch/keys/terminal-keys.ts',
    line: /is active'\);$|if \(!book\)|mac\?\.reference|pending\?\.generation/,
    because: 'a terminal has a key of each kind, and a node whose terminals get keys has a book of them',
    testedBy: 'switch/keys/key-book.test.ts',
  },
  {
    file: 'switch/transaction/repairs.ts',
    because: 'repairs are written by reconciliation, which people begin with files of networks',
    testedBy: 'switch/transaction/repairs.test.ts',
  },
  {
    file: 'switch/transaction/fold.ts',
    kinds: ['function'],
    line: /^('hold-(ending|expired)'|'network-absent'|reconciled)\b/,
    because: 'entries of the keeper of holds and of reconciliation, which read tables of PostgreSQL',
    testedBy: 'switch/follow-up/hold-keeper.test.ts',
  },
  {
    file: 'switch/fallback/notices/events.ts',
    kinds: ['function'],
    line: /^'hold-/,
    because: 'entries of the keeper of holds, which reads a table of PostgreSQL',
    testedBy: 'switch/fallback/notices/notices.test.ts',
  },
  ...['switch/follow-up/watch-hold.ts', 'switch/transaction/hold.ts'].map((file) => ({
    file,
    because: 'holds end after days, and their keeper reads a table of PostgreSQL',
    testedBy: 'switch/follow-up/hold-keeper.test.ts',
  })),
  {
    file: 'switch/node/start-switch.ts',
    line: /checkpoint: parts\.checkpoint/,
    because: 'every node of a run has its checkpoints watched',
    testedBy: 'test/kill-points.test.ts',
  },
  {
    file: 'switch/node/recover.ts',
    because: 'an entry that cannot be read: nothing of a run writes one',
    testedBy: 'test/money/on-a-database.test.ts',
  },
  {
    file: 'connectors/link/deadlines.ts',
    because: 'waits that are over are swept by the hundred',
    testedBy: 'connectors/link/deadlines.test.ts',
  },
  {
    file: 'switch/admission/sent-before.ts',
    line: /#forget|hasTooMany|oldest|MOST_OF_ONE/,
    because: BOUND,
    testedBy: 'switch/admission/sent-before.test.ts',
  },
  {
    file: 'switch/journal/chain.ts',
    because: 'the form of chains that an older release wrote',
    testedBy: 'switch/journal/chain.test.ts',
  },
  {
    file: 'switch/audit/evidence.ts',
    because: 'the form of chains that an older release wrote',
    testedBy: 'switch/journal/chain.test.ts',
  },
  {
    file: 'switch/admission/strangers.ts',
    because: 'hundreds of strangers at one address who prove nothing',
    testedBy: 'switch/admission/strangers.test.ts',
  },
  {
    file: 'switch/admission/crowd.ts',
    because: 'thousands of connections at one listener',
    testedBy: 'switch/admission/crowd.test.ts',
  },
  {
    file: 'switch/admission/known-cards.ts',
    because: BOUND,
    testedBy: 'switch/admission/known-cards.test.ts',
  },
];

export const UNREACHABLE: readonly Unreachable[] = [
  ...SHAPES,
  ...BOUNDS,
  ...DAYS,
  ...TYPES,
  ...OF_SETTINGS,
  ...OF_FILES,
];

export function isExcused(file: string, branch: Branch): boolean {
  return UNREACHABLE.some((each) => covers(each, file, branch));
}

export function covers(
  { file: own, kinds, line }: Unreachable,
  file: string,
  { kind, text }: Pick<Branch, 'kind' | 'text'>,
): boolean {
  if (own !== undefined && own !== file) return false;
  return (kinds?.includes(kind) ?? true) && (line?.test(text) ?? true);
}
