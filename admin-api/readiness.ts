import { type Static, Type } from 'typebox';
import type { Clock } from '../runtime/index.ts';

const Check = Type.Object({
  name: Type.String(),
  ok: Type.Boolean(),
  /** Why not, where it is not; where it is, what is away all the same. */
  reason: Type.Optional(Type.String()),
});

export const ReadinessView = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('not-ready')]),
  checks: Type.Array(Check),
});

export interface Readiness {
  ready: boolean;
  checks: Static<typeof Check>[];
}

/** Resolves where the part can serve, with what is to be told all the same; rejects with the reason where it cannot. */
export type Probe = () => Promise<string | undefined>;

/** Asks every part at once; one that does not answer within `deadlineMs` is not ready. */
export async function askAll(
  probes: Readonly<Record<string, Probe>>,
  clock: Clock,
  deadlineMs: number,
): Promise<Readiness> {
  const checks = await Promise.all(
    Object.entries(probes).map(async ([name, probe]) => {
      const late = Promise.withResolvers<never>();
      const timer = clock.after(deadlineMs, () =>
        late.reject(new Error(`no answer within ${deadlineMs} ms`)),
      );
      try {
        const reason = await Promise.race([probe(), late.promise]);
        return { name, ok: true, ...(reason !== undefined && { reason }) };
      } catch (error) {
        return { name, ok: false, reason: error instanceof Error ? error.message : String(error) };
      } finally {
        timer.cancel();
      }
    }),
  );
  return { ready: checks.every(({ ok }) => ok), checks };
}
