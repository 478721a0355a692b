import { type Static, Type } from 'typebox';

const between = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });

/**
 * How much work is taken in at once: bounds for the limit that the gate moves by itself, and the lane that is never
 * refused. docs/admission.md says what follows from each. A fixed number of requests was rejected: what a node carries
 * depends on its machine, its disk and its HSM, and changes while it runs.
 */
export const AdmissionSettings = Type.Object(
  {
    /** What one wait for the HSM or the journal may take on average before less is taken in. */
    targetWaitMs: between(5, 5_000),
    /** Requests at work in the HSM and the journal at once: never fewer are let in, and never more. */
    minLimit: between(1, 10_000),
    maxLimit: between(1, 100_000),
    /** How long a request may wait for its turn before it is refused. */
    maxQueueMs: between(1, 10_000),
    /** What may never be refused has a lane of its own: so many at work, and so many more waiting, at once. */
    mustServeLimit: between(1, 100_000),
    mustServeWaiting: between(0, 1_000_000),
  },
  { additionalProperties: false },
);

export type AdmissionSettings = Static<typeof AdmissionSettings>;

/** What holds where the settings say nothing. */
export const DEFAULT_ADMISSION: AdmissionSettings = {
  targetWaitMs: 200,
  minLimit: 64,
  maxLimit: 4_096,
  maxQueueMs: 150,
  mustServeLimit: 512,
  mustServeWaiting: 4_096,
};
