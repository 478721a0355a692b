import type { Dialect, Field } from './dialect.ts';

/** The reference page of a dialect, in Markdown, from its data alone. */
export function referencePage(dialect: Dialect): string {
  const { bitmap, mti } = dialect;
  const header =
    dialect.header === undefined
      ? ''
      : dialect.header === 'visa'
        ? 'BASE I header, '
        : `${dialect.header.name}, `;
  const second =
    bitmap.secondary && bitmap.secondary !== 'as-needed' ? `, second bitmap ${bitmap.secondary}` : '';
  const lines = [
    `# ${dialect.name}`,
    '',
    `${dialect.description}.`,
    dialect.conformant ? '' : '\nNot verified against a licensed specification.\n',
    `Starts with: ${header}message type (${mti.encoding}), bitmap (${bitmap.encoding}${second}).`,
    '',
    '| field | name | content | length | written as | shown |',
    '|---|---|---|---|---|---|',
  ];
  for (const [number, field] of Object.entries(dialect.fields)) lines.push(...rows(number, field));
  return `${lines.filter((line, i) => line !== '' || lines[i - 1] !== '').join('\n')}\n`;
}

function rows(label: string, field: Field): string[] {
  const own = [label, field.name, contentText(field), lengthText(field), field.encoding, shownText(field)];
  const inner = Object.entries(field.parts ?? {}).flatMap(([property, part]) => {
    const key =
      part.bit !== undefined ? ` (bit ${part.bit})` : part.tag !== undefined ? ` (tag ${part.tag})` : '';
    return rows(`${label}.${property}${key}`, part);
  });
  const slices = Object.entries(field.slices ?? {}).map(([property, slice]) =>
    line([`${label}.${property}`, slice.name, slice.content, String(slice.characters), '', '']),
  );
  return [line(own), ...inner, ...slices];
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function contentText({ content, as, composition, repeated }: Field): string {
  const kind = composition?.kind ?? (repeated ? 'repeated' : undefined);
  return [content, as, kind].filter((word) => word !== undefined).join(', ');
}

function lengthText({ length }: Field): string {
  if ('fixed' in length) return String(length.fixed);
  if ('rest' in length) return `the rest, up to ${length.rest}`;
  return `up to ${length.max} ${length.unit ?? 'characters'}, ${length.width} ${length.prefix}`;
}

function shownText({ as, content }: Field): string {
  if (as === 'emv') return 'by tag';
  if (as) return 'masked';
  return content === 'b' ? 'hex' : 'clear';
}
