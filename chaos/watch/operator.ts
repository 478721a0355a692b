import type { AlertView } from '../../admin-api/fallback-view.ts';
import type { NodeStatus } from '../../switch/index.ts';

const WITHIN_MS = 5_000;
/** Of a hundred alerts each. */
const PAGES = 20;

/** What `/ready` says: 200 or not, and what is wrong. */
export interface Readiness {
  readonly isReady: boolean;
  readonly failing: readonly string[];
}

/** What an operator sees, by the addresses that an operator has. */
export class Operator {
  readonly #adminUrl: string;
  readonly #statusUrl: string;

  constructor({ adminUrl, statusUrl }: { readonly adminUrl: string; readonly statusUrl: string }) {
    this.#adminUrl = adminUrl;
    this.#statusUrl = statusUrl;
  }

  /** Whoever does not answer is not ready. */
  async ready(): Promise<Readiness> {
    try {
      const response = await get(`${this.#adminUrl}/ready`);
      const { checks } = (await response.json()) as {
        checks: { name: string; ok: boolean; reason?: string }[];
      };
      const failing = checks.filter(({ ok }) => !ok).map(({ name, reason = '' }) => `${name}: ${reason}`);
      return { isReady: response.ok, failing };
    } catch (error) {
      return { isReady: false, failing: [`the admin API: ${String(error)}`] };
    }
  }

  /** The latest first: an outage's stands behind the cases that came after it. @throws where they cannot be read now */
  async alerts(): Promise<AlertView[]> {
    const alerts: AlertView[] = [];
    for (let page = 0; page < PAGES; page += 1) {
      const last = alerts.at(-1);
      const before = last ? `?before=${last.position}` : '';
      const response = await get(`${this.#adminUrl}/api/v1/alerts${before}`);
      if (!response.ok) throw new Error(`alerts are answered ${response.status}`);
      const { alerts: more } = (await response.json()) as { alerts: AlertView[] };
      if (more.length === 0) break;
      alerts.push(...more);
    }
    return alerts;
  }

  /** @throws where they cannot be read now */
  async parked(): Promise<number> {
    const response = await get(`${this.#adminUrl}/api/v1/parked-follow-ups`);
    if (!response.ok) throw new Error(`parked follow-ups are answered ${response.status}`);
    return Object.values((await response.json()) as Record<string, unknown[]>)[0]?.length ?? 0;
  }

  /** @throws where the switch does not answer */
  async status(): Promise<NodeStatus> {
    return (await (await get(this.#statusUrl)).json()) as NodeStatus;
  }
}

function get(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(WITHIN_MS) });
}
