import type { HttpCall } from '../../connectors/etika/http-exchange.ts';
import type { FaultPlan } from '../faults.ts';
import type { HttpAnswer, HttpService } from '../world/http.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import { SimProcess } from '../world/sim-process.ts';
import type { World } from '../world/world.ts';

type Status = 'INITIATED' | 'VALIDATED' | 'REJECTED' | 'EXPIRED' | 'CANCELLED';

export interface Proof {
  readonly id: string;
  readonly transaction: string;
  readonly merchant: string;
  readonly amount: number;
  readonly currency: string;
  readonly receiptHash: string;
  status: Status;
  readonly fate: 'validate' | 'reject' | 'expire';
  blocks: number;
}

/** Of runs in which the service can be asked for many at once. */
const KNOWS_SETS = 0.75;
const BLOCK_MS = 3_000;
const ANSWER_OF_BLOCKS = 2;

/** The Proof-of-Purchase consensus with a ledger of its own; a proof is final with the second block after it. */
export class ProofService implements HttpService {
  readonly process: SimProcess;
  readonly proofs: Proof[] = [];
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #faults: FaultPlan;
  readonly #byKey = new Map<string, Proof>();
  readonly #knowsSets: boolean;
  /** Says what came of a proof in the answer to its initiation; and refuses one without a word on it. */
  readonly #isQuick: boolean;
  readonly #isCurt: boolean;
  #isTicking = false;

  constructor(world: World, faults: FaultPlan) {
    this.#world = world;
    this.#faults = faults;
    this.#random = world.random.stream('proof service');
    this.#knowsSets = world.random.stream('proof service in sets').chance(KNOWS_SETS);
    this.#isQuick = world.random.stream('proofs at once').chance(0.1);
    this.#isCurt = world.random.stream('proofs refused').chance(0.2);
    this.process = new SimProcess('pop', world);
  }

  condition(): 'up' | 'refusing' | 'silent' {
    const grip = this.#faults.pop(this.#world.now);
    if (!grip || !this.#random.chance(grip.share)) return 'up';
    return grip.kind === 'down' ? 'refusing' : grip.kind === 'silent' ? 'silent' : 'up';
  }

  handle(call: HttpCall, answer: (answer: HttpAnswer) => void): void {
    const random = this.#random;
    const grip = this.#faults.pop(this.#world.now);
    const isHit = grip !== undefined && random.chance(grip.share);
    const isOvertaken = isHit && grip.kind === 'overtaken' && call.method === 'POST';
    const hesitates = isHit && grip.kind === 'slow-to-act';
    const actAfterMs = isOvertaken
      ? random.between(2_000, 8_000)
      : random.between(0.5, hesitates ? 1_200 : 20);
    const answerAfterMs =
      isHit && grip.kind === 'slow' ? random.between(200, 4_000) : random.between(0.5, 20);
    const { clock } = this.process;
    clock.after(actAfterMs, () => {
      if (isHit && grip.kind === 'failing' && random.chance(0.5)) return answer({ code: 503, body: {} });
      const done = this.#act(call, isHit && grip.kind === 'partial');
      const isDenied = isHit && grip.kind === 'contradicting' && call.method === 'POST' && done.code === 201;
      const reply = isDenied ? denied(done) : done;
      this.#world.tell('pop', () => `← ${callWords(call, this.#amountOf(call))}: ${replyWords(reply)}`);
      if (isHit && grip.kind === 'failing') return answer({ code: 500, body: 'not JSON of ours' });
      clock.after(answerAfterMs, () => answer(reply));
    });
  }

  /** The proof that a call is about, or what it asks for. */
  #amountOf({ method, path, body }: HttpCall): number | undefined {
    const url = new URL(path, 'http://pop');
    const transaction = url.searchParams.get('transaction_id');
    const id = url.pathname.split('/')[2];
    const isNew = method === 'POST' && id === undefined;
    const known = this.proofs.findLast((proof) => proof.transaction === transaction || proof.id === id);
    return isNew ? Number((body as { amount?: number } | undefined)?.amount) : known?.amount;
  }

  #act({ method, path, headers, body }: HttpCall, isPartial: boolean): HttpAnswer {
    const url = new URL(path, 'http://pop');
    if (method === 'GET') {
      const transaction = url.searchParams.get('transaction_id');
      const proof = this.proofs.findLast((known) => known.transaction === transaction);
      return proof ? { code: 200, body: stateOf(proof) } : { code: 404, body: { error: 'unknown' } };
    }
    const [, , id, action] = url.pathname.split('/');
    if (id === 'query') return this.#query((body as { validation_ids: string[] }).validation_ids, isPartial);
    if (action === 'cancel') return this.#cancel(id ?? '');
    return this.#initiate(headers?.['idempotency-key'] ?? '', body as Record<string, unknown>);
  }

  #initiate(key: string, body: Record<string, unknown>): HttpAnswer {
    const known = this.#byKey.get(key);
    if (known) return { code: 201, body: { ...stateOf(known), status: 'INITIATED' } };
    const proof: Proof = {
      id: `proof-${this.proofs.length + 1}`,
      transaction: String(body['transaction_id']),
      merchant: String(body['merchant_id']),
      amount: Number(body['amount']),
      currency: String(body['currency']),
      receiptHash: String(body['receipt_hash']),
      status: 'INITIATED',
      fate: this.#random.chance(0.9) ? 'validate' : this.#random.pick(['reject', 'expire'] as const),
      blocks: 0,
    };
    if (this.#random.chance(0.03)) proof.status = 'REJECTED';
    this.proofs.push(proof);
    this.#byKey.set(key, proof);
    const isAtOnce = this.#isQuick && proof.fate === 'validate' && proof.status === 'INITIATED';
    if (isAtOnce) proof.status = 'VALIDATED';
    this.#tick();
    if (this.#isCurt && proof.status === 'REJECTED') return { code: 422, body: {} };
    return { code: 201, body: stateOf(proof) };
  }

  /** In any order. */
  #query(ids: readonly string[], isPartial: boolean): HttpAnswer {
    const random = this.#random;
    if (!this.#knowsSets) return { code: random.pick([404, 405] as const), body: { error: 'unknown' } };
    const wanted = new Set(ids);
    const told = this.proofs
      .filter(({ id }) => wanted.has(id) && !(isPartial && random.chance(0.3)))
      .map((proof) => ({ proof, place: random.integer(1_000) }))
      .sort((a, b) => a.place - b.place);
    const validations = told.map(({ proof }) =>
      isPartial && random.chance(0.1) ? { ...stateOf(proof), status: 'AWAITED' } : stateOf(proof),
    );
    return { code: 200, body: { validations } };
  }

  #cancel(id: string): HttpAnswer {
    const proof = this.proofs.find((known) => known.id === id);
    if (!proof) return { code: 404, body: { error: 'unknown' } };
    if (proof.status === 'INITIATED') proof.status = 'CANCELLED';
    if (proof.status === 'CANCELLED') return { code: 200, body: stateOf(proof) };
    return { code: 409, body: { ...stateOf(proof), error: 'final' } };
  }

  /** Blocks come for as long as something waits for one. */
  #tick(): void {
    if (this.#isTicking) return;
    this.#isTicking = true;
    this.process.clock.after(BLOCK_MS, () => {
      this.#isTicking = false;
      const open = this.proofs.filter(({ status }) => status === 'INITIATED');
      for (const proof of open) {
        proof.blocks += 1;
        if (proof.blocks >= ANSWER_OF_BLOCKS) proof.status = END[proof.fate];
      }
      if (open.length > 0) this.#tick();
    });
  }
}

function callWords({ method, path }: HttpCall, amount: number | undefined): string {
  if (path.endsWith('/query')) return 'is asked about several proofs';
  const of = amount === undefined ? '' : ` of ${amount}`;
  if (method === 'GET') return `is asked what became of a proof${of}`;
  return path.endsWith('/cancel') ? `is to cancel a proof${of}` : `is asked for a proof${of}`;
}

function replyWords({ code, body }: HttpAnswer): string {
  const { status, error } = body as { status?: string; error?: string };
  return [String(code), status, error].filter((part) => part !== undefined).join(' ');
}

const END = { validate: 'VALIDATED', reject: 'REJECTED', expire: 'EXPIRED' } as const;

/** Says that it failed, although it did not. */
function denied({ code, body }: HttpAnswer): HttpAnswer {
  return { code, body: { ...(body as object), status: 'REJECTED' } };
}

function stateOf({ id, transaction, status }: Proof): object {
  return { validation_id: id, transaction_id: transaction, status };
}
