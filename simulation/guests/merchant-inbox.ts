import type { AlertBook } from '../../switch/fallback/alerts.ts';
import { noticesAfter } from '../../switch/fallback/notices/events.ts';
import type { Notifications, WebhookOutcome, WebhookSender } from '../../switch/fallback/notices/webhook.ts';
import { foldTransaction } from '../../switch/transaction/fold.ts';
import type { Tables } from '../world/database-tables.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { SimProcess } from '../world/sim-process.ts';
import type { World } from '../world/world.ts';

type Condition = 'well' | 'refusing' | 'silent' | 'failing' | 'deaf';

const CONDITIONS: readonly Condition[] = ['refusing', 'silent', 'failing', 'deaf'];
const TROUBLES = 4;
const LAST_TROUBLE_MS = 45_000;
/** Answers of a merchant's address that may be others next time. */
const NOT_NOW = [408, 425, 429, 500, 503] as const;

/** What merchants and operators were told, and a line to them that fails now and then: for a while, never for good. */
export class MerchantInbox {
  /** How often each notice came, by its id. */
  readonly notices = new Map<string, number>();
  readonly alerts = new Set<string>();
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #merchants: readonly string[];
  readonly #troubles: readonly { readonly from: number; readonly to: number; readonly kind: Condition }[];

  constructor(world: World, merchants: readonly string[]) {
    this.#world = world;
    this.#merchants = merchants;
    const random = world.random.stream('merchant inbox');
    this.#random = random;
    this.#troubles = Array.from({ length: random.integer(TROUBLES) }, () => {
      const from = random.between(0, LAST_TROUBLE_MS);
      return { from, to: from + random.between(500, 15_000), kind: random.pick(CONDITIONS as ['refusing']) };
    });
  }

  /** As one life of a node reaches it. */
  notificationsOf(life: SimProcess): Notifications {
    const secret = Buffer.from('the secret of a simulated merchant');
    const webhooks = this.#merchants.map(
      (id) => [id, { url: `https://${id}.example/notices`, secret }] as const,
    );
    return { sender: this.#senderOf(life), webhooks: new Map(webhooks) };
  }

  alertsOf(life: SimProcess): AlertBook {
    return {
      raise: ({ key }) =>
        new Promise((resolve, reject) => {
          life.deliver(this.#random.between(0.2, 3), () => {
            if (this.#condition !== 'well') return reject(new Error('the alerts cannot be written'));
            this.alerts.add(key);
            resolve();
          });
        }),
    };
  }

  /** Everything that there was to tell was told, and of nothing that did not happen. */
  check(tables: Tables): void {
    const parked = new Set(tables.parked.map(({ job }) => `${job.task} ${job.transaction}`));
    const known = new Set<string>();
    for (const id of tables.journal.keys()) {
      const entries = tables.history(id);
      const opening = foldTransaction(entries)?.opening;
      if (!opening || parked.has(`notify ${id}`)) continue;
      const isTold = this.#merchants.includes(opening.facts.merchant.trimEnd());
      for (const notice of noticesAfter(0, opening, entries)) {
        known.add(notice.id);
        const isMissing = isTold && !this.notices.has(notice.id);
        if (isMissing) this.#world.violate('I2 closure', `nobody told ${notice.merchant} of ${notice.type}`);
        const isAlert = notice.type === 'case.opened';
        if (!isAlert || this.alerts.has(notice.id) || parked.has(`raise-alert ${id}`)) continue;
        this.#world.violate('I2 closure', `no alert tells of ${notice.reason}`);
      }
    }
    for (const id of this.notices.keys()) {
      if (parked.size > 0 || known.has(id)) continue;
      this.#world.violate('I3 one effect', `a merchant was told of ${id}, which the journal does not know`);
    }
    if (this.notices.size > 0) this.#world.sometimes('guests: merchant told');
    if ([...this.notices.values()].some((times) => times > 1)) this.#world.sometimes('guests: told twice');
  }

  get #condition(): Condition {
    const { now } = this.#world;
    return this.#troubles.find(({ from, to }) => from <= now && now < to)?.kind ?? 'well';
  }

  #senderOf(life: SimProcess): WebhookSender {
    return {
      post: (_, id, __, deadline) =>
        new Promise<WebhookOutcome>((resolve) => {
          const { clock } = life;
          const late: WebhookOutcome = { status: 'unreachable', reason: 'no answer by the deadline' };
          const atDeadline = () => clock.after(deadline - clock.monotonic(), () => resolve(late));
          const kind = this.#condition;
          if (kind === 'silent') return atDeadline();
          life.deliver(this.#random.between(0.5, 20), () => {
            if (kind === 'refusing') return resolve({ status: 'unreachable', reason: 'ECONNREFUSED' });
            if (kind === 'failing') return resolve({ status: 'answered', code: this.#random.pick(NOT_NOW) });
            this.notices.set(id, (this.notices.get(id) ?? 0) + 1);
            this.#world.tell('merchants', () => `are told ${id}${kind === 'deaf' ? ', unacknowledged' : ''}`);
            if (kind === 'deaf') return atDeadline();
            resolve({ status: 'answered', code: 204 });
          });
        }),
    };
  }
}
