/** The lines with one of them changed in one character, removed, doubled, or behind the next one. */
export function altered(lines: readonly string[], at: number, where: number, how: string): string[] {
  const line = lines[at] ?? '';
  if (how === 'remove') return lines.toSpliced(at, 1);
  if (how === 'double') return lines.toSpliced(at, 0, line);
  if (how === 'swap') return lines.toSpliced(at, 2, ...lines.slice(at, at + 2).reverse());
  const places = [...line.matchAll(/(?<=":"[^"]*)[0-9a-f]|(?<=":)\d/g)].map(({ index }) => index);
  const place = places[where % places.length] ?? 0;
  const other = line[place] === '1' ? '2' : '1';
  return lines.with(at, `${line.slice(0, place)}${other}${line.slice(place + 1)}`);
}
