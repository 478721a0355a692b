// How much of a MAC travels. DE64 and DE128 have eight bytes; terminals of some schemes send the leftmost four of a MAC
// and four of zeros. Four bytes are guessed 2^32 times more easily than eight, so it is a terminal's record that allows
// it, for this terminal alone, and its answers are sealed in the same form. To take the short form from any terminal
// whose element ends in zeros was rejected: whoever forges a message would choose it. The long form is not taken beside
// the short one either: one terminal has one form, and another is a fault that somebody should see.

/** What DE64 and DE128 hold. */
const ELEMENT_BYTES = 8;

/**
 * The part of the element that is to be verified; nothing where it is not in the form that this terminal sends. That
 * the rest is zeros is no secret: the HSM compares the MAC itself, in a time that tells nothing.
 */
export function sentOfMac(element: Buffer, sent = ELEMENT_BYTES): Buffer | undefined {
  if (sent >= ELEMENT_BYTES) return element;
  const rest = element.subarray(sent);
  return rest.every((byte) => byte === 0) ? element.subarray(0, sent) : undefined;
}

/** The element of an answer: as much of its MAC as the terminal expects, and zeros. */
export function elementOfMac(mac: Buffer, sent = ELEMENT_BYTES): Buffer {
  if (mac.length === ELEMENT_BYTES && sent === ELEMENT_BYTES) return mac;
  const element = Buffer.alloc(ELEMENT_BYTES);
  mac.copy(element, 0, 0, Math.min(sent, ELEMENT_BYTES));
  return element;
}
