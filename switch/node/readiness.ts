/**
 * Whether a process can do its work now, and why not. A load balancer and an operator ask this: a node that can serve
 * some of its networks is ready, since to take it out would cost the others theirs; one whose HSM or database does
 * not answer can approve nothing. What is away although the rest works is told beside it, and is what degraded modes
 * are for.
 */
export interface Surroundings {
  /** Whether the HSM gives signs of life. */
  readonly hsm: boolean;
  /** Whether the database answered when it was asked last. */
  readonly database: boolean;
  /** Why the journal cannot be written although the database answers, as on a full disk; absent where it can be. */
  readonly unwritable?: string | undefined;
  /** Why the synchronous standby that is demanded is none; absent where it is, or where none is demanded. */
  readonly standby?: string | undefined;
  /** State of each link. */
  readonly networks: Readonly<Record<string, string>>;
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not; empty where it is ready. */
  readonly notReady: readonly string[];
}

export function readinessOf({ hsm, database, unwritable, standby, networks }: Surroundings): Readiness {
  const states = Object.entries(networks);
  const isAnySignedOn = states.length === 0 || states.some(([, state]) => state === 'signed-on');
  const notReady = [
    ...(hsm ? [] : ['the HSM gives no sign of life']),
    ...(database ? [] : ['the database does not answer']),
    ...(database && unwritable !== undefined ? [`the journal cannot be written: ${unwritable}`] : []),
    ...(standby === undefined ? [] : [standby]),
    ...(isAnySignedOn ? [] : [`no network is signed on: ${states.map(([name]) => name).join(', ')}`]),
  ];
  return { ready: notReady.length === 0, notReady };
}
