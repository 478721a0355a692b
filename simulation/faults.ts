import type { DegradedMode } from '../switch/fallback/mode-records.ts';
import type { Checkpoint } from '../switch/ports.ts';
import type { HsmCondition } from './world/hsm.ts';

/** The two networks: one in Visa's profile, one of plain ISO 8583:1987. */
export type NetworkName = 'visa' | 'iso87';
/** Networks on which only guests pay (`guests/`). */
export type GuestNetwork = 'mastercard' | 'lodging' | 'plain';
export type HostName = NetworkName | GuestNetwork;

/** `gray`: one answer in ten is lost, the others are slow. */
export type NetworkFault = 'silent' | 'slow' | 'slow-to-act' | 'at-the-deadline' | 'spoilt' | 'gray';
/**
 * `overtaken`: an initiation takes effect only when the switch has already looked it up and found nothing.
 * `contradicting`: an initiation is answered as rejected, and comes to stand all the same.
 * `partial`: an answer about many leaves some out, and tells of others in words that nobody knows.
 */
export type PopFault =
  | 'down'
  | 'silent'
  | 'slow'
  | 'slow-to-act'
  | 'overtaken'
  | 'failing'
  | 'contradicting'
  | 'partial';
/** `flaps`: connections break ten times a second. */
export type LineFault =
  | 'network refuses'
  | 'network lost'
  | 'network cut'
  | 'network half-open'
  | 'network flaps'
  | 'terminals cut';
/** `deadlocks`: one flush in three is rolled back and must be tried again. */
export type DatabaseFault =
  | 'database slow'
  | 'database away'
  | 'database crash'
  | 'database cut'
  | 'database deadlocks';
/**
 * `crash loop`: killed every few hundred milliseconds, for as long as it lasts. `crash over keys`: killed once a change
 * of keys is recorded, before it knows so. `crash over increments`: killed once it has
 * written down that it adds to a hold.
 */
export type NodeFault =
  | 'crash'
  | 'crash at'
  | 'crash loop'
  | 'crash over keys'
  | 'crash over increments'
  | 'power lost'
  | 'pause'
  | 'restart'
  | 'clock step';

/** How many messages are hit while it lasts, of 1. */
export interface Grip<Kind> {
  readonly kind: Kind;
  readonly share: number;
}

/** Milliseconds since the run began. */
interface Span {
  readonly from: number;
  /** When it is over; of nodes: when a crashed one is up again, or a paused one goes on. */
  readonly to: number;
}

/** One fault: what, when, to whom. */
export type Fault = Span &
  (
    | {
        readonly on: 'network';
        readonly kind: NetworkFault;
        readonly share: number;
        /** Absent: both. */
        readonly network?: NetworkName | undefined;
      }
    | { readonly on: 'pop'; readonly kind: PopFault; readonly share: number }
    | { readonly on: 'hsm'; readonly kind: HsmCondition }
    | { readonly on: 'line'; readonly kind: LineFault; readonly network?: NetworkName | undefined }
    | {
        readonly on: 'database';
        readonly kind: DatabaseFault;
        readonly node: number;
        readonly ofWorker?: true;
      }
    /** An operator opens a degraded mode, and closes it again. */
    | { readonly on: 'operator'; readonly kind: DegradedMode }
    | {
        readonly on: 'node';
        readonly kind: NodeFault;
        readonly node: number;
        /** It befalls the worker of that node, where that is a process of its own. */
        readonly ofWorker?: true;
        readonly checkpoint?: { readonly name: Checkpoint; readonly count: number };
        readonly stepMs?: number;
      }
  );

type FaultOn<On extends Fault['on']> = Extract<Fault, { on: On }>;

/** The faults of one run; several may hold at once. */
export class FaultPlan {
  readonly faults: readonly Fault[];
  /** When the last one is over. */
  readonly clearAt: number;

  constructor(faults: readonly Fault[]) {
    this.faults = faults;
    this.clearAt = Math.max(0, ...faults.map(({ to }) => to));
  }

  network(name: HostName, now: number): Grip<NetworkFault> | undefined {
    return this.#holding('network', now, ({ network }) => network === undefined || network === name);
  }

  pop(now: number): Grip<PopFault> | undefined {
    return this.#holding('pop', now);
  }

  hsm(now: number): HsmCondition {
    return this.#holding('hsm', now)?.kind ?? 'well';
  }

  #holding<On extends Fault['on']>(
    on: On,
    now: number,
    concerns: (fault: FaultOn<On>) => boolean = () => true,
  ): FaultOn<On> | undefined {
    return this.faults.find(
      (fault): fault is FaultOn<On> =>
        fault.on === on && fault.from <= now && now < fault.to && concerns(fault as FaultOn<On>),
    );
  }
}

/** The node, or the worker, that it befalls. */
export function processOf({ node, ofWorker }: { readonly node: number; readonly ofWorker?: true }): string {
  return `node-${node + 1}${ofWorker ? '.worker' : ''}`;
}

export function describeFault(fault: Fault): string {
  const span = `${(fault.from / 1_000).toFixed(3)}–${(fault.to / 1_000).toFixed(3)} s`;
  const share = 'share' in fault && fault.share < 1 ? ` (${fault.share * 100} % of messages)` : '';
  const node = 'node' in fault ? ` ${processOf(fault)}` : '';
  const network = 'network' in fault && fault.network ? ` ${fault.network}` : '';
  const at =
    'checkpoint' in fault && fault.checkpoint ? ` ${fault.checkpoint.name}:${fault.checkpoint.count}` : '';
  const step = 'stepMs' in fault && fault.stepMs ? ` ${fault.stepMs / 1_000} s` : '';
  return `${span}  ${fault.on}: ${fault.kind}${at}${step}${node}${network}${share}`;
}
