import { GUEST_CARDS } from '../guests/guest-settings.ts';
import { TEST_CARDS } from '../orders.ts';
import type { Simulation } from '../simulation.ts';

/** Every spelling in which a card number could leak into text: digits (and BCD in hex), hex of ASCII, base64. */
function spellingsOf(digits: string): string[] {
  const ascii = Buffer.from(digits, 'latin1');
  const bcd = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return [digits, ascii.toString('hex'), ...base64Cores(ascii), ...base64Cores(bcd)];
}

/** What base64 looks like wherever in a longer text the bytes begin; the outermost characters depend on neighbours. */
function base64Cores(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    const text = padded.toString('base64').replace(/=+$/, '');
    return text.slice(offset === 0 ? 0 : offset + 1, padded.length % 3 === 0 ? undefined : -1);
  });
}

const CARDS = [...TEST_CARDS.visa, ...TEST_CARDS.iso87, ...Object.values(GUEST_CARDS)];
const CANARIES = CARDS.flatMap((digits) =>
  spellingsOf(digits).map((text) => ({ text, card: digits.slice(-4) })),
);

/** I6: no card number in journal, queue or logs, in any spelling. */
export function checkSecrecy({ world, database, logs }: Simulation): void {
  const bodies = [...database.tables.journal.values()].flat().map(({ body }) => body);
  scan(world, 'the journal', bodies.join('\n'));
  scan(world, 'the logs', logs.lines.join(''));
  scan(world, 'parked follow-ups', JSON.stringify(database.tables.parked.map(({ reason }) => reason)));
}

function scan(world: Simulation['world'], where: string, text: string): void {
  for (const canary of CANARIES) {
    if (text.includes(canary.text)) {
      world.violate('I6 secrecy', `the card ending in ${canary.card} is in ${where}`);
    }
  }
}
