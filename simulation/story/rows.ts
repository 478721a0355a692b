import { GUEST_CARDS } from '../guests/guest-settings.ts';
import type { RunResult } from '../run.ts';
import type { Line } from '../world/world.ts';
import { withoutBystanders } from './bystanders.ts';
import { faultWords } from './fault-words.ts';

/** The lanes of a story, from left to right. */
export const LANES = ['terminal', 'switch', 'network', 'proof'] as const;
export type Lane = (typeof LANES)[number];

/** One thing that happened. */
export interface Row {
  readonly at: number;
  readonly lane: Lane;
  /** `asks` and `hears` of a lane that talks with the switch; `notes` of one that does something by itself. */
  readonly does: 'asks' | 'hears' | 'notes' | 'breaks';
  readonly text: string;
  /** Of a message that a counterpart was sent: what it answered. */
  readonly answer?: string;
  /** The letter of the payment that it is about. */
  readonly letter?: string;
  /** What a network has after it. */
  readonly money?: string;
}

const NETWORKS: ReadonlySet<string> = new Set(['visa', 'iso87', ...Object.keys(GUEST_CARDS)]);
/** A node, or the worker beside it. */
const IS_NODE = /^node-\d+(\.worker)?$/;
const PLACES: ReadonlySet<string> = new Set(['line', 'database', 'hsm', 'operator', 'network']);
/** What the switch logs of its own work in every run, and what its journal says better. */
const EVERYDAY =
  /"event":"(switch\.|link\.(up|down|signed|connect|echo)|journal\.attached|audit\.|listener\.|follow-up\.(begun|done)|mode\.|head\.|proofs\.|reversal\.|take-over\.failed|unsettled\.settled)/;
const BREAKS = /^(killed|power lost|paused|goes on|is asked to stop|wall clock|is fenced|could not start)/;
const THOUSAND = 1_000;
/** Amounts of a payment, and of what comes of it, end in ten numbers of its own. */
const NUMBERS_EACH = 10;
const MOST_ROWS = 160;
/** No statement strays for longer. */
const STRAYS_FOR_MS = 1_600;

/** All that is worth telling, in the order in which it happened. */
export function rowsOf(result: RunResult): Row[] {
  const letters = lettersOf(result);
  const rows = once(withoutBystanders(result)).flatMap((line) => rowOf(line, letters) ?? []);
  const told = rows.filter((row) => !isStray(row.text) || isNearPayment(row, rows));
  const faults = result.faults.flatMap((fault): Row[] => {
    const words = faultWords(fault);
    const row = { lane: 'switch', does: 'breaks' } as const;
    if (fault.on === 'node') return [];
    return [
      { ...row, at: fault.from, text: `from here on ${words}` },
      { ...row, at: fault.to, text: `over: ${words}` },
    ];
  });
  return shortened([...told, ...faults].sort((a, b) => a.at - b.at));
}

/** A, B, C … by the number of the payment, for those that move money. */
export function lettersOf({ ends }: RunResult): ReadonlyMap<number, string> {
  const families = new Set(ends.map(({ payment }) => familyOf(payment.number)));
  const inOrder = [...families].map((family, index) => [family, letterOf(index)] as const);
  return new Map(inOrder);
}

export function familyOf(number: number): number {
  return Math.floor(((number % THOUSAND) - 1) / NUMBERS_EACH);
}

function letterOf(index: number): string {
  const alphabet = 26;
  const letter = String.fromCharCode('A'.charCodeAt(0) + (index % alphabet));
  return index < alphabet ? letter : `${letter}${Math.floor(index / alphabet)}`;
}

function rowOf(line: Line, letters: ReadonlyMap<number, string>): Row | undefined {
  const row = placed(line);
  if (!row) return undefined;
  const number = line.about ?? /\bof (\d{4,})/.exec(line.what)?.[1] ?? '';
  const letter = Number(number) > 0 ? letters.get(familyOf(Number(number))) : undefined;
  return {
    ...row,
    at: line.at,
    ...(letter !== undefined && { letter }),
    ...(line.money !== undefined && { money: line.money }),
  };
}

function placed({ actor, what }: Line): Omit<Row, 'at'> | undefined {
  if (isStray(what)) return { lane: 'switch', does: 'breaks', text: what };
  if (actor === 'ORACLE' || PLACES.has(actor)) return undefined;
  if (actor === 'journal') return what.endsWith('tells the merchant') ? undefined : noted(what);
  if (NETWORKS.has(actor) || actor === 'pop') return heard(actor, what);
  if (IS_NODE.test(actor)) return ofNode(actor, what);
  const said = /^([→←]) (.*)$/.exec(what);
  const text = `${actor} ${said?.[2] ?? what}`;
  return { lane: 'terminal', does: said?.[1] === '→' ? 'asks' : said ? 'hears' : 'notes', text };
}

/** The one unkindness that no fault is drawn for. */
export function isStray(what: string): boolean {
  return what.startsWith('the database is not reached');
}

/** Whether a payment may have met it: it is told of for some seconds after, or not at all. */
function isNearPayment({ at }: Row, rows: readonly Row[]): boolean {
  return rows.some((row) => row.letter !== undefined && row.at >= at && row.at < at + STRAYS_FOR_MS);
}

function noted(text: string): Omit<Row, 'at'> {
  return { lane: 'switch', does: 'notes', text };
}

/** A counterpart's line is what it was told, a colon, and what it said to it. */
function heard(actor: string, what: string): Omit<Row, 'at'> | undefined {
  const lane = actor === 'pop' ? 'proof' : 'network';
  const said = /^← (.*): ([^:]*)$/.exec(what);
  if (said) return { lane, does: 'hears', text: `${actor} ${said[1]}`, answer: said[2] ?? '' };
  const isFault = / (begins|is over)$/.test(what);
  return isFault ? undefined : { lane, does: 'notes', text: `${actor} ${what}` };
}

function ofNode(actor: string, what: string): Omit<Row, 'at'> | undefined {
  if (BREAKS.test(what)) return { lane: 'switch', does: 'breaks', text: `${actor} ${what}` };
  const json = /^log: (\{.*\})$/.exec(what)?.[1];
  const isToldOfLives = /^(starts, life [^1]|passes)/.test(what);
  if (json === undefined) return isToldOfLives ? noted(`${actor} ${what}`) : undefined;
  if (EVERYDAY.test(json)) return undefined;
  const { event, level, code, reason, task, state, msg } = JSON.parse(json) as Record<string, unknown>;
  if (typeof level === 'number' && level < LEVEL_OF_INFO) return undefined;
  const about = [task, state, code, reason, msg].filter((each) => typeof each === 'string');
  const words = LOGGED[String(event)] ?? `logs ${event}`;
  return noted(`${actor} ${words}${about.length > 0 ? `: ${about.join(', ')}` : ''}`);
}

/** Events of the log that a reader meets most, in plain words. */
const LOGGED: Readonly<Record<string, string>> = {
  'authorise.declined': 'declines without asking',
  'authorise.replayed': 'answers as it did before',
  'authorise.undecidable': 'cannot write down what it decided',
  'degraded-mode.opened': 'takes a counterpart for degraded',
  'degraded-mode.records-away': 'cannot look up degraded modes',
  'fallback.timeout': 'heard no answer of the network in time',
  'follow-up.threw': 'could not do its work now, and tries again',
  'journal.renewal-failed': 'could not renew its lease',
  'journal.unreachable': 'cannot reach the journal',
  'link.answer-disagrees': 'heard an answer that disagrees with what was asked',
  'network.late-answer': 'hears an answer too late',
  'notice.undecidable': 'cannot write down what it was told',
  'serve.late': 'keeps back an answer that would be too late',
  'serve.refused': 'refuses',
  'serve.unanswered-repeat': 'leaves a repeat unanswered that it cannot judge',
  'stand-in.approved': 'approves in the issuer’s stead',
  'stand-in.refused': 'may not approve in the issuer’s stead',
};

/** As pino counts. */
const LEVEL_OF_INFO = 30;

/** What a node logs again and again is told once, until it logs something else. */
function once(timeline: readonly Line[]): Line[] {
  const last = new Map<string, string>();
  return timeline.filter(({ actor, what }) => {
    if (!what.startsWith('log: ')) return true;
    const isAgain = last.get(actor) === what;
    last.set(actor, what);
    return !isAgain;
  });
}

function shortened(rows: readonly Row[]): Row[] {
  if (rows.length <= MOST_ROWS) return [...rows];
  const half = MOST_ROWS / 2;
  const left = rows.length - MOST_ROWS;
  const gap: Row = { at: rows[half]?.at ?? 0, ...noted(`… ${left} lines left out …`) };
  return [...rows.slice(0, half), gap, ...rows.slice(-half)];
}
