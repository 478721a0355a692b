import type { SourceMutant } from './source-mutant.ts';

/** Terminals that do it otherwise than most: keys that they derive, half of a MAC, no time. */
export const OF_OWN_WAYS: readonly SourceMutant[] = [
  {
    name: 'counter-of-anything',
    removes: 'the request that a DUKPT counter is spent on: whatever comes under it is its repeat',
    file: 'switch/admission/pin-work.ts',
    find: 'const transaction = requestKey(party.key, sender);',
    put: 'const transaction = party.key.terminal;',
    test: 'switch/admission/pin-work.test.ts',
  },
  {
    name: 'whole-mac-for-a-half',
    removes: 'the form of a MAC in answers to a terminal that sends half of one',
    file: 'switch/keys/mac-bytes.ts',
    find: 'mac.copy(element, 0, 0, Math.min(sent, ELEMENT_BYTES));',
    put: 'mac.copy(element);',
  },
  {
    name: 'half-a-mac-and-anything',
    removes: 'the look at the rest of the element behind half of a MAC',
    file: 'switch/keys/mac-bytes.ts',
    find: 'return rest.every((byte) => byte === 0) ? element.subarray(0, sent) : undefined;',
    put: 'return rest.length > 0 ? element.subarray(0, sent) : undefined;',
    test: 'switch/keys/mac-bytes.test.ts',
  },
  {
    name: 'untimed-by-our-clock',
    removes: 'the window by which a message without a time is known: its repeat a second later is another',
    file: 'switch/requests/keys.ts',
    find: '  if (untimed) return untimedKey(party, numbers);\n',
    put: '',
    test: 'test/money/without-a-time.test.ts',
  },
  {
    name: 'untimed-in-one-window',
    removes: 'the claim of the window before: the repeat behind the end of a window is another',
    file: 'switch/requests/keys.ts',
    find: 'if (sender.untimed) names.push(...namesOfUntimed(party, sender));',
    put: 'if (sender.untimed) names.push(...namesOfUntimed(party, sender).slice(1));',
    test: 'test/money/without-a-time.test.ts',
  },
];
