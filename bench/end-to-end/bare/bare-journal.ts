import { Client } from 'pg';

/**
 * The floor's journal: rows of the size of the switch's entries, two durable commits a purchase, as many rows in one
 * statement as wait. One flush is under way at a time: group commit as the switch has it, with nothing checked.
 */
const SCHEMA = `
  create schema if not exists bare;
  create table if not exists bare.entry (
    id bigint generated always as identity primary key, at timestamptz not null default now(), body text not null
  );`;
const APPEND = { name: 'append', text: 'insert into bare.entry (body) select unnest($1::text[])' };

export class BareJournal {
  readonly #client: Client;
  #waiting: { body: string; done: () => void }[] = [];
  #isFlushing = false;

  constructor(databaseUrl: string) {
    this.#client = new Client({ connectionString: databaseUrl });
  }

  async open(): Promise<void> {
    await this.#client.connect();
    await this.#client.query(SCHEMA);
  }

  /** Resolves once it is on the disk. */
  append(body: string): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ body, done });
      if (!this.#isFlushing) this.#flush();
    });
  }

  close(): Promise<void> {
    return this.#client.end();
  }

  #flush(): void {
    this.#isFlushing = true;
    // What comes in this turn of the event loop goes with it.
    setImmediate(async () => {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        await this.#client.query({ ...APPEND, values: [batch.map(({ body }) => body)] });
        for (const { done } of batch) done();
      }
      this.#isFlushing = false;
    });
  }
}
