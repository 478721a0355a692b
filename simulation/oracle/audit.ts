import { createHash } from 'node:crypto';
import { readSeries } from '../../switch/audit/head-series.ts';
import { Audit } from '../../switch/audit/verify.ts';
import { CHAIN_FORM } from '../../switch/journal/chain.ts';
import type { Simulation } from '../simulation.ts';
import { entriesOf } from '../world/audit.ts';
import { AUDIT_KEY } from '../world/hsm.ts';

const FINGERPRINT = createHash('sha256')
  .update(AUDIT_KEY.publicKey.export({ format: 'der', type: 'spki' }))
  .digest('hex');

/** I5: the chain of every epoch verifies from what is stored, and every head that was published agrees. */
export function checkAudit({ world, database: { tables }, headDisks }: Simulation): void {
  const lines = [...headDisks.lines].flatMap(([node, heads]) =>
    heads.map((line, index) => ({ line, place: `${node}:${index + 1}` })),
  );
  const heads = readSeries(lines, new Map([[FINGERPRINT, AUDIT_KEY.publicKey]]));
  const audit = new Audit({ heads, unsignedBefore: Number.POSITIVE_INFINITY });
  for (const { epoch, node, isEnded } of tables.leases) {
    audit.take({ epoch: { epoch, node, chain: CHAIN_FORM, isEnded } });
    for (const entry of entriesOf(tables, epoch)) audit.take({ entry });
  }
  const { epochs, breaks, doubts } = audit.finish();
  const found = [...breaks, ...doubts].map((each) => ({ where: 'the heads', ...each }));
  for (const { epoch, node, ...report } of epochs) {
    const where = `epoch ${epoch} of ${node}`;
    found.push(...[...report.breaks, ...report.doubts].map((each) => ({ where, ...each })));
  }
  checkOrder(world, tables);
  for (const { where, code, from, to, detail } of found) {
    world.violate('I5 audit chain', `${where}: ${code} ${from ?? ''}-${to ?? ''} ${detail ?? ''}`);
  }
}

/** Who follows the journal never looks behind a number again: numbers of an epoch are in the order of commits. */
function checkOrder(world: Simulation['world'], tables: Simulation['database']['tables']): void {
  const entries = [...tables.journal.values()].flat();
  const last = new Map<number, number>();
  for (const { epoch, sequence } of entries.sort(
    (a, b) => a.committedAt - b.committedAt || a.sequence - b.sequence,
  )) {
    const before = last.get(epoch) ?? 0;
    if (sequence < before) {
      world.violate('I5 audit chain', `epoch ${epoch}: entry ${sequence} was committed behind ${before}`);
    }
    last.set(epoch, Math.max(before, sequence));
  }
}
