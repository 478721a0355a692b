/** Holds what it is sent in its memory until it is told to end: what a search of memory must find. */
const held: Buffer[] = [];
process.once('message', (text: string) => {
  held.push(Buffer.from(text, 'base64'));
  process.send?.(`${held.length} held`);
});
process.once('disconnect', () => process.exit(0));
