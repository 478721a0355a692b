import { expect, test } from 'vitest';
import { createTestCore, inbound, purchaseMessage, served } from '../../test/support/core.ts';
import type { ListenerSettings } from '../config/settings.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import type { EntryBodies } from '../transaction/entries.ts';
import { settle } from './settle.ts';

const NOTHING = '0'.repeat(30);

/** A terminal without a payment closes its batch over a line. @returns what is written down of it */
async function closedOver(line: Partial<ListenerSettings>): Promise<EntryBodies['batch-closed']> {
  const core = createTestCore();
  const batches = {
    reach: async () => true,
    openBatch: async () => ({ last: undefined, members: [], uploads: [], countedTo: {} }),
  };
  const { de7, de12, de13, de41, de42, de49 } = purchaseMessage();
  const message = { mti: '0500', de3: '920000', de11: '000009', de60: '000001', de63: NOTHING };
  const whole = { ...message, de7, de12, de13, de41, de42, de49 } as TerminalMessage;
  const received = inbound(core, whole);
  const overLine = { ...received, listener: { ...received.listener, ...line } };

  const reply = served(settle, overLine, { ...core.ports, batches });
  await core.clock.advance(2_000);
  expect(await reply).toMatchObject({ code: '00' });
  const [entry] = core.journal.entries.filter(({ kind }) => kind === 'batch-closed');
  return entry?.body as EntryBodies['batch-closed'];
}

test('a batch that is closed over the line of an acquirer is of that acquirer', async () => {
  expect(await closedOver({ mac: 'none', acquirer: '999999' })).toMatchObject({
    acquirer: '999999',
    number: '000001',
  });
});

test('a batch of a terminal of our own names no acquirer', async () => {
  expect(await closedOver({})).not.toHaveProperty('acquirer');
});
