import { expect, test } from 'vitest';
import { breaches } from './style.ts';

const rules = (text: string) => breaches(text).map(({ line }) => line);

test('a comment wider than 120 characters is a breach, and code of the same width is the formatter’s affair', () => {
  const wide = 'x'.repeat(120);
  expect(rules(`// ${wide}`)).toEqual([1]);
  expect(rules(`const a = 1; // ${wide}`)).toEqual([1]);
  expect(rules(`const a = '${wide}';`)).toEqual([]);
  expect(rules(` * ${'x'.repeat(117)}`)).toEqual([]);
});

test('a body on a line of its own needs braces, a guard on one line does not', () => {
  expect(rules('if (a)\n  b();')).toEqual([1]);
  expect(rules('if (\n  a &&\n  b\n)\n  c();')).toEqual([4]);
  expect(rules('if (a) {\n  b();\n} else\n  c();')).toEqual([3]);
  expect(rules('for (const a of b)\n  if (a) c();')).toEqual([1]);
  expect(rules('if (a) b();\nelse c();')).toEqual([]);
  expect(rules('if (\n  a &&\n  b\n) {\n  c();\n}')).toEqual([]);
});

test('a literal that is spread into another is a breach, what is conditional or made by a call is none', () => {
  const spread = '...';
  expect(rules(`const a = {\n  ${spread}{ b, c },\n};`)).toEqual([2]);
  expect(rules('const a = [\n  ...[b, c],\n];')).toEqual([2]);
  expect(rules('const a = {\n  ...(b && { c }),\n  ...d,\n};')).toEqual([]);
  expect(rules('const a = [\n  ...[b, c].map((each) => each.d),\n];')).toEqual([]);
});
