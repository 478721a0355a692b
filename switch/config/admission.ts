import { type Static, Type } from 'typebox';

const Milliseconds = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });
const Count = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });

/** How much work is taken in at once; docs/admission.md says what follows from it. */
export const AdmissionSettings = Type.Object(
  {
    /** What one wait for the HSM or the journal may take on average before less is taken in. */
    targetWaitMs: Milliseconds(5, 5_000),
    /** Requests at work in the HSM and the journal at once: never fewer are let in, and never more. */
    minLimit: Count(1, 10_000),
    maxLimit: Count(1, 100_000),
    /** How long a request may wait for its turn before it is refused. */
    maxQueueMs: Milliseconds(1, 10_000),
    /** What may never be refused has a lane of its own: so many at work, and so many more waiting, at once. */
    mustServeLimit: Count(1, 100_000),
    mustServeWaiting: Count(0, 1_000_000),
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
