const HEADER_BYTES = 22;
const REJECT_HEADER_BYTES = 26;
const REJECTED = 0x8000;

/**
 * The reject message: a 26-byte header with stations swapped, the reject bit and a code, then the message as it
 * came. Undefined where what came has no header to answer to. The networks' codes are not public: ours is one
 * number for every reason.
 */
export function rejectMessage(received: Buffer): Buffer | undefined {
  if (received.length < HEADER_BYTES || received[0] !== HEADER_BYTES) return undefined;
  const header = Buffer.alloc(REJECT_HEADER_BYTES);
  received.copy(header, 0, 0, HEADER_BYTES);
  header[0] = REJECT_HEADER_BYTES;
  header.writeUInt16BE(REJECT_HEADER_BYTES + received.length, 3);
  received.copy(header, 5, 8, 11);
  received.copy(header, 8, 5, 8);
  header.writeUInt16BE(REJECTED, HEADER_BYTES);
  header.writeUInt16BE(0x0001, HEADER_BYTES + 2);
  return Buffer.concat([header, received]);
}
