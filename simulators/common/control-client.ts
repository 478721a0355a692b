import { SimulatorError } from '../errors.ts';

const DEADLINE_MS = 10_000;

/**
 * Calls a simulator's control port.
 * @throws {SimulatorError} SIM_CONTROL_REFUSED with the status and the reason it gave
 */
export async function callControl<Answer>(
  base: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(new URL(path, base), {
    method,
    signal: AbortSignal.timeout(DEADLINE_MS),
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const answer: unknown = await response.json();
  if (response.ok) return answer as Answer;
  const { error: reason } = answer as { error: string };
  throw new SimulatorError('SIM_CONTROL_REFUSED', { method, path, status: response.status, reason });
}
