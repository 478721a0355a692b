// Messages are packed as ASCII here; what a terminal has in its memory beyond it is put in as the message leaves.

const REPLACED = [
  { ascii: 'CAF#', bytes: Buffer.from('CAF\u00c9', 'latin1') },
  { ascii: 'M##LLER', bytes: Buffer.from('M\u00dcLLER', 'utf8') },
] as const;

/** The message as it leaves: the same length, with the letters in it. */
export function withLetters(packed: Buffer): Buffer {
  for (const { ascii, bytes } of REPLACED) {
    const at = packed.indexOf(ascii, 0, 'latin1');
    if (at >= 0) bytes.copy(packed, at);
  }
  return packed;
}
