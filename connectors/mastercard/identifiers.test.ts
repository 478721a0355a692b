import { describe, expect, it } from 'vitest';
import { namedBy, networkReferenceOf } from './identifiers.ts';

const TLID = 'AbCdEfGhIjKlMnOp_-0123';

describe('what Mastercard calls a transaction', () => {
  it.each([
    ['both', { de15: '1123', de63: 'MCC0A1B2C', de105: `001022${TLID}` }, `MCC0A1B2C1123:${TLID}`],
    ['a Trace ID alone', { de15: '1123', de63: 'MCC0A1B2C' }, 'MCC0A1B2C1123'],
    ['a short reference', { de15: '1123', de63: 'MCC0A1B' }, 'MCC0A1B  1123'],
    ['a long reference', { de15: '1123', de63: 'MCC0A1B2C3D4' }, 'MCC0A1B2C1123'],
    ['a TLID alone', { de63: 'MCC0A1B2C', de105: `001022${TLID}` }, `:${TLID}`],
    ['none: no date', { de63: 'MCC0A1B2C' }, undefined],
    ['none: blanks', { de15: '1123', de63: '   ' }, undefined],
    ['none: another sub-element', { de105: '002022AbCdEfGhIjKlMnOp_-0123' }, undefined],
    ['none: a letter that no TLID has', { de105: '001022AbCdEfGhIjKlMnOp+/0123' }, undefined],
  ])('is read from an answer (%s)', (_, heard, reference) => {
    expect(networkReferenceOf(heard)).toBe(reference);
  });

  it.each([
    [`MCC0A1B2C1123:${TLID}`, { se63: 'MCC0A1B2C1123  ', de105: `001022${TLID}` }],
    ['MCC0A1B2C1123', { se63: 'MCC0A1B2C1123  ' }],
    [`:${TLID}`, { de105: `001022${TLID}` }],
    [undefined, {}],
  ])('is said again as %s has it', (reference, said) => {
    expect(namedBy(reference)).toEqual(said);
  });
});
