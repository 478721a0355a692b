/**
 * A worker writes the journal under a lease of its own, so it has a name of its own: `node-1.worker`, and with an id
 * `node-1.worker.2`, where several work on one node. No node can have such a name: the settings allow it no full stop.
 * Leases, heads of the chain, key changes and degraded modes carry the name, and tell by it who did what.
 */
export function workerName(node: string, id: string | undefined): string {
  if (!id) return `${node}.worker`;
  if (!WORKER_ID.test(id)) {
    throw new Error('WORKER_ID must be 1 to 16 lower-case letters, digits and hyphens');
  }
  return `${node}.worker.${id}`;
}

const WORKER_ID = /^[a-z0-9-]{1,16}$/;
