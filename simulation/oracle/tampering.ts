import { createHash } from 'node:crypto';
import type { StoredEntry } from '../../switch/audit/entry-row.ts';
import type { EpochFacts } from '../../switch/audit/evidence.ts';
import { type HeadSeries, readSeries } from '../../switch/audit/head-series.ts';
import { Audit } from '../../switch/audit/verify.ts';
import { CHAIN_FORM, firstLink, lineOf, nextLink } from '../../switch/journal/chain.ts';
import type { Simulation } from '../simulation.ts';
import { entriesOf } from '../world/audit.ts';
import { AUDIT_KEY } from '../world/hsm.ts';
import type { SeededRandom } from '../world/seeded-random.ts';

/** An epoch as somebody who owns the database may have left it. */
interface Epoch {
  readonly facts: EpochFacts;
  readonly entries: readonly StoredEntry[];
}

/** What is verified: the database, and the heads that were published outside of it. */
interface Evidence {
  readonly epochs: readonly Epoch[];
  readonly heads: HeadSeries;
  /** A claim that no entry made. */
  readonly stray?: { readonly epoch: number | null };
}

interface Target {
  readonly epoch: Epoch;
  /** Up to which sequence a head vouches for it. */
  readonly signedTo: number;
  readonly random: SeededRandom;
}

type Tamper = (evidence: Evidence, target: Target) => Evidence;

const OFTEN = 0.15;
const FINGERPRINT = createHash('sha256')
  .update(AUDIT_KEY.publicKey.export({ format: 'der', type: 'spki' }))
  .digest('hex');

/** What whoever owns the database may do to what was signed. None of it may go unnoticed. */
const TAMPERS: Readonly<Record<string, Tamper>> = {
  'an amount was changed': (evidence, target) => withEntries(evidence, target, altered(target)),
  'all links were made anew behind a change': (evidence, target) =>
    withEntries(evidence, target, relinked(target.epoch, altered(target))),
  'an entry is gone': (evidence, target) => {
    const at = signedPlace(target);
    return withEntries(evidence, target, without(target.epoch.entries, at, at + 1));
  },
  'the end is gone': (evidence, target) => {
    const at = signedPlace(target);
    return withEntries(evidence, target, target.epoch.entries.slice(0, at));
  },
  'the beginning is gone': (evidence, target) => {
    const at = signedPlace(target);
    return withEntries(evidence, target, target.epoch.entries.slice(at + 1));
  },
  'all is gone': (evidence, target) => withEntries(evidence, target, []),
  'an entry stands twice': (evidence, target) => {
    const { entries } = target.epoch;
    const at = signedPlace(target);
    return withEntries(evidence, target, [...entries.slice(0, at + 1), ...entries.slice(at)]);
  },
  'the links are gone': (evidence, target) =>
    withEntries(
      evidence,
      target,
      target.epoch.entries.map((entry) => ({ ...entry, link: null })),
    ),
  'the lease bears another name': (evidence, target) => withFacts(evidence, target, { node: 'another' }),
  'the lease is gone': (evidence, target) => withFacts(evidence, target, { node: null }),
  'the chain was declared away': (evidence, target) => withFacts(evidence, target, { chain: null }),
  'the epoch is gone': ({ epochs, ...rest }, { epoch }) => ({
    ...rest,
    epochs: epochs.filter((each) => each !== epoch),
  }),
  'the heads are gone': ({ heads, ...rest }, { epoch }) => {
    const byEpoch = new Map([...heads.byEpoch].filter(([number]) => number !== epoch.facts.epoch));
    return { ...rest, heads: { ...heads, byEpoch } };
  },
  'a claim was put in': (evidence, { epoch }) => ({ ...evidence, stray: { epoch: epoch.facts.epoch } }),
  'a claim of no epoch was put in': (evidence) => ({ ...evidence, stray: { epoch: null } }),
  'something came after the end': (evidence, target) => {
    const { entries } = target.epoch;
    const last = entries.at(-1);
    const more = last && { ...last, sequence: last.sequence + 1, version: last.version + 1, link: null };
    const ends = target.epoch.facts.isEnded && more ? [...entries, more] : [];
    return withEntries(evidence, target, ends);
  },
};

/** I5, turned round: in some seeds the journal is tampered with in every way there is, and each must be noticed. */
export function checkTampering({ world, database: { tables }, headDisks }: Simulation): void {
  const random = world.random.stream('tampering');
  if (!random.chance(OFTEN)) return;
  const lines = [...headDisks.lines].flatMap(([node, heads]) =>
    heads.map((line, index) => ({ line, place: `${node}:${index + 1}` })),
  );
  const heads = readSeries(lines, new Map([[FINGERPRINT, AUDIT_KEY.publicKey]]));
  const epochs = tables.leases.map(({ epoch, node, isEnded }) => ({
    facts: { epoch, node, chain: CHAIN_FORM, isEnded },
    entries: entriesOf(tables, epoch),
  }));
  const evidence: Evidence = { epochs, heads };
  const target = targetOf(evidence, random);
  if (!target || outcomeOf(evidence) !== 'verified') return;
  for (const [what, tamper] of Object.entries(TAMPERS)) {
    const outcome = outcomeOf(tamper(evidence, target));
    if (outcome === 'verified') world.violate('I5 audit chain', `nobody noticed that ${what}`);
    else world.sometimes('tampering noticed');
  }
}

function outcomeOf({ epochs, heads, stray }: Evidence): string {
  const audit = new Audit({ heads, unsignedBefore: 0, onProgress: () => {} });
  for (const { facts, entries } of epochs) {
    audit.take({ epoch: facts });
    for (const entry of entries) audit.take({ entry });
    if (stray?.epoch === facts.epoch) audit.take({ stray: { key: 'k', sequence: 1 }, of: facts.epoch });
  }
  if (stray?.epoch === null) audit.take({ stray: { key: 'k', sequence: null }, of: null });
  return audit.finish().outcome;
}

/** An epoch that has entries under a head. */
function targetOf({ epochs, heads }: Evidence, random: SeededRandom): Target | undefined {
  const signed = epochs.flatMap((epoch) => {
    const signedTo = heads.byEpoch.get(epoch.facts.epoch)?.at(-1)?.sequence ?? 0;
    return epoch.entries.some(({ sequence }) => sequence <= signedTo) ? [{ epoch, signedTo, random }] : [];
  });
  const [first, ...others] = signed;
  return first && random.pick([first, ...others]);
}

/** Of one of its entries that a head vouches for. */
function signedPlace({ epoch, signedTo, random }: Target): number {
  return random.integer(epoch.entries.filter(({ sequence }) => sequence <= signedTo).length);
}

function altered(target: Target): StoredEntry[] {
  const at = signedPlace(target);
  return target.epoch.entries.map((entry, place) =>
    place === at ? { ...entry, body: `${entry.body} ` } : entry,
  );
}

function without<T>(all: readonly T[], from: number, to: number): T[] {
  return [...all.slice(0, from), ...all.slice(to)];
}

/** As somebody would who knows how links are made, and has no key. */
function relinked({ facts }: Epoch, entries: readonly StoredEntry[]): StoredEntry[] {
  let link = firstLink(facts.epoch, facts.node ?? '');
  let lines: string[] = [];
  return entries.map((entry) => {
    if (entry.link !== null && lines.length > 0) link = nextLink(link, lines);
    if (entry.link !== null) lines = [];
    lines.push(lineOf(entry));
    return entry.link === null ? entry : { ...entry, link };
  });
}

function withEntries(
  { epochs, ...rest }: Evidence,
  { epoch }: Target,
  entries: readonly StoredEntry[],
): Evidence {
  return { ...rest, epochs: epochs.map((each) => (each === epoch ? { ...each, entries } : each)) };
}

function withFacts({ epochs, ...rest }: Evidence, { epoch }: Target, facts: Partial<EpochFacts>): Evidence {
  const changed = { ...epoch, facts: { ...epoch.facts, ...facts } };
  return { ...rest, epochs: epochs.map((each) => (each === epoch ? changed : each)) };
}
