import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Monotonic, timeOrderedUuid } from '../../runtime/index.ts';
import type { Inbound } from '../admission/inbound.ts';
import { isKnownCurrency } from '../config/currency.ts';
import { Refusal } from '../errors.ts';
import { type Claim, JournalError, type NewEntry } from '../journal/journal.ts';
import { type Step, untilAppended } from '../journal/until-appended.ts';
import type { Ports } from '../ports.ts';
import { memberOfTransaction } from '../projection/batch-rows.ts';
import type { OpenBatch } from '../projection/projection-reader.ts';
import { acquirerOf, requestKey } from '../requests/keys.ts';
import { uploadedOriginal } from '../requests/originals.ts';
import { required } from '../requests/understand.ts';
import type { BatchTotals, EntryBodies, ReplyFields } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import { ACCEPTED, type Answer, answerNotice, toldBy } from './answer-notice.ts';
import { batchDifferences, totalsOf } from './batch-differences.ts';
import { closingKey } from './closed-batch.ts';
import { findOriginal } from './find-original.ts';
import { replay } from './replay.ts';
import { toldTotals } from './told-totals.ts';

// Settlement: a terminal's batch is closed where both count the same, else it is uploaded and closed with its
// differences named. What is counted is the projection, once it has reached the journal as of the request. To fold
// every transaction of a day for each 0500 was rejected, and so was a counter beside the journal: a second truth.

const BALANCED = '00';
const OUT_OF_BALANCE = '95';

/** DE60. */
export const BATCH_NUMBER = /^\d{6}$/;

/** DE3 of a 0500, first two digits: totals of the batch; the totals again, once all of it was uploaded. */
const TOTALS = '92';
const AFTER_UPLOAD = '96';

/** Of a batch that are looked at: more than the counters of DE63 can say, as much as one entry can name. */
const MAX_MEMBERS = 2_000;
const MAX_DIFFERENCES = 100;

type BatchPorts = Ports & { readonly batches: NonNullable<Ports['batches']> };

/**
 * A terminal settles its batch (0500): its totals are compared with what the journal counts of it since the batch that
 * was closed last. Where they are equal the batch is closed (00); else the terminal is told so (95), uploads every
 * transaction (0320), and says its totals again (DE3 96), which closes the batch in any case.
 *
 * What counts is what was committed before the 0500 was received: the projection is waited for to reach it, and the
 * totals are read together with the sequences it has reached.
 *
 * @throws Refusal SW_FORMAT, SW_CURRENCY_UNKNOWN, SW_KEY_REUSED, SW_PROJECTION, SW_JOURNAL
 */
export async function settle(inbound: Inbound, allPorts: Ports): Promise<ReplyFields | undefined> {
  const ports = withBatches(inbound, allPorts);
  const { sender, party } = inbound;
  const told = readSettlement(inbound, ports);
  const settlement: Settlement = {
    ...told,
    key: requestKey(party.key, sender),
    party: party.key.terminal,
    listeners: ports.directory.linesOf(inbound.listener),
    fingerprint: fingerprintOf(told),
    rrn: sender.rrn,
    deadline: inbound.joinBy,
  };
  const { key, fingerprint, deadline } = settlement;
  const compare = async (): Promise<Step<ReplyFields | undefined>> => {
    const repeated = await ports.journal.transactionOf(key);
    if (repeated) return { done: await replay(repeated, fingerprint, deadline, ports, key) };
    // Others do that: a worker that is away must not hold up reversals and advices.
    inbound.leavePlace();
    if (!(await ports.batches.reach(deadline))) {
      throw new Refusal('SW_PROJECTION', { terminal: told.terminal });
    }
    const { reply, entry } = settlementEntry(settlement, await openBatch(settlement, ports), ports);
    return { entry, result: reply };
  };

  try {
    return await untilAppended(ports.journal, compare, { deadline });
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const code = error instanceof JournalError ? 'SW_JOURNAL' : 'SW_PROJECTION';
    throw new Refusal(code, { terminal: told.terminal }, { cause: error });
  }
}

/**
 * One transaction of a batch that is out of balance (0320): written down, and answered as soon as it is durable, known
 * or not. The settlement that follows compares it.
 *
 * @throws Refusal SW_FORMAT, SW_CURRENCY_UNKNOWN, SW_KEY_REUSED, SW_JOURNAL
 */
export async function upload(inbound: Inbound, allPorts: Ports): Promise<ReplyFields | undefined> {
  const ports = withBatches(inbound, allPorts);
  const { message, sender } = inbound;
  const told = {
    ...batchName(inbound, ports),
    merchant: sender.merchant.trimEnd(),
    stan: message.de90?.stan ?? sender.stan,
    ...(message.de37?.trim() && { rrn: message.de37.trim() }),
    minorUnits: Number(required(message.de4, 'DE4')),
  };

  const original = uploadedOriginal(inbound);
  const find = () => findOriginal(original, ports);
  const notice = { ...toldBy(inbound, fingerprintOf(told)), find };
  const { key } = notice;
  const reply: ReplyFields = { code: ACCEPTED };
  const keep = (found: Transaction | undefined): Answer => {
    const body: EntryBodies['uploaded'] = { ...told, key, reply, original: found?.opening ? found.id : null };
    const transaction = timeOrderedUuid(ports.clock, ports.random);
    return { reply, opening: { transaction, kind: 'uploaded', body } };
  };
  return answerNotice(notice, keep, ports);
}

/** The line that it came by is no part of it. */
function fingerprintOf({ listener: _, ...told }: { readonly listener: string }): string {
  return hash('sha256', JSON.stringify(told));
}

/** A 0500 as its terminal means it. */
interface ToldSettlement {
  readonly listener: string;
  readonly terminal: string;
  readonly merchant: string;
  readonly acquirer?: string;
  readonly currency: string;
  readonly number: string;
  readonly isAfterUpload: boolean;
  readonly totals: BatchTotals;
}

interface Settlement extends ToldSettlement {
  readonly key: string;
  /** As keys name the terminal, and the lines on which it may call. */
  readonly party: string;
  readonly listeners: readonly string[];
  readonly fingerprint: string;
  readonly rrn: string;
  readonly deadline: Monotonic;
}

interface LookedAt extends OpenBatch {
  readonly totals: BatchTotals;
  /** The batch that was closed last, where this says it again: the terminal has not heard that it is closed. */
  readonly closedAlready: boolean;
}

/** @throws Refusal SW_UNSUPPORTED_MESSAGE where this node keeps no batches */
function withBatches({ message }: Inbound, ports: Ports): BatchPorts {
  if (ports.batches) return { ...ports, batches: ports.batches };
  throw new Refusal('SW_UNSUPPORTED_MESSAGE', { mti: message.mti });
}

function batchName({ message, listener, sender: { terminal }, party }: Inbound, { settings }: BatchPorts) {
  const acquirer = acquirerOf(party.key);
  const currency = required(message.de49, 'DE49');
  if (!isKnownCurrency(currency, settings.currencies)) throw new Refusal('SW_CURRENCY_UNKNOWN', { currency });
  const number = required(message.de60, 'DE60');
  if (!BATCH_NUMBER.test(number)) throw new Refusal('SW_FORMAT', { element: 'DE60' });
  const name = { listener: listener.name, terminal: terminal.trimEnd(), currency, number };
  return acquirer === '' ? name : { ...name, acquirer };
}

function readSettlement(inbound: Inbound, ports: BatchPorts): ToldSettlement {
  const { message, sender } = inbound;
  const processingCode = required(message.de3, 'DE3');
  const isAfterUpload = processingCode.startsWith(AFTER_UPLOAD);
  if (!isAfterUpload && !processingCode.startsWith(TOTALS)) {
    throw new Refusal('SW_UNSUPPORTED_MESSAGE', { mti: message.mti, processingCode });
  }
  const merchant = sender.merchant.trimEnd();
  return { ...batchName(inbound, ports), merchant, isAfterUpload, totals: toldTotals(message) };
}

async function openBatch(settlement: Settlement, { batches }: BatchPorts): Promise<LookedAt> {
  const open = await batches.openBatch(settlement, MAX_MEMBERS);
  const closedAlready =
    open.members.length === 0 &&
    open.last?.number === settlement.number &&
    isDeepStrictEqual(open.last.terminal_totals, settlement.totals);
  return { ...open, totals: totalsOf(open.members), closedAlready };
}

function settlementEntry(
  settlement: Settlement,
  open: LookedAt,
  ports: BatchPorts,
): { reply: ReplyFields; entry: NewEntry } {
  const { key, fingerprint, rrn, isAfterUpload, totals: terminalTotals } = settlement;
  const { listener, terminal, merchant, acquirer, currency, number } = settlement;
  const isBalanced = isDeepStrictEqual(terminalTotals, open.totals) || open.closedAlready;
  const reply: ReplyFields = { code: isBalanced || isAfterUpload ? BALANCED : OUT_OF_BALANCE, rrn };
  const switchTotals = open.closedAlready ? terminalTotals : open.totals;
  const batch = {
    listener,
    terminal,
    merchant,
    currency,
    number,
    ...(acquirer !== undefined && { acquirer }),
  };
  const { countedTo } = open;
  const compared: EntryBodies['batch-compared'] = {
    ...batch,
    key,
    reply,
    terminalTotals,
    switchTotals,
    countedTo,
  };

  const claim: Claim = { key, fingerprint, role: 'unique' };
  const transaction = timeOrderedUuid(ports.clock, ports.random);
  const first = { transaction, version: 1 } as const;
  const closes = reply.code === BALANCED && !open.closedAlready;
  if (!closes) {
    return { reply, entry: { ...first, kind: 'batch-compared', body: compared, claims: [claim] } };
  }

  const body: EntryBodies['batch-closed'] = { ...compared, ...closing(open, isBalanced, number) };
  const claims = [claim, closingClaim(settlement, body.ordinal)];
  return { reply, entry: { ...first, kind: 'batch-closed', body, claims } };
}

function closing(open: LookedAt, isBalanced: boolean, number: string) {
  const reopened = open.last?.number === number ? open.last.batch : undefined;
  const found = isBalanced ? [] : batchDifferences(open, reopened);
  return {
    ordinal: (open.last?.ordinal ?? 0) + 1,
    members: open.members.map(({ transaction }) => memberOfTransaction(transaction)),
    differences: found.slice(0, MAX_DIFFERENCES),
  };
}

/** Of two who close the same batch at once the journal lets one: the other counts again. */
function closingClaim(batch: Settlement, ordinal: number): Claim {
  return { key: closingKey(batch, ordinal), fingerprint: 'closed', role: 'unique' };
}
