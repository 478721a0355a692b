import sax from 'sax';
import type { BitmapStyle, Dialect, Field, Part } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { jposBitmap, jposField, jposTagged, simpleName } from './jpos-classes.ts';
import { withMeaning } from './meanings.ts';

/**
 * A dialect from a jPOS GenericPackager file (`<isopackager>` of `<isofield>` and `<isofieldpackager>`).
 * @throws {IsoError} ISO_IMPORT naming the line of whatever is not supported; nothing is skipped
 */
export function importJpos(xml: string, name = 'jpos'): Dialect {
  const root = readElements(xml);
  if (root.name !== 'isopackager') throw importError(root, 'an isopackager element', root.name);
  let mti: Dialect['mti'] | undefined;
  let bitmap: BitmapStyle | undefined;
  const fields: Record<number, Field> = {};
  for (const element of root.children) {
    const id = integer(element, 'id');
    const className = attribute(element, 'class');
    const bitmapEncoding = jposBitmap(className);
    if (id === 0) mti = { encoding: mtiEncoding(element, className) };
    else if (bitmapEncoding && id === 1) bitmap = bitmapStyle(bitmapEncoding, integer(element, 'length'));
    else if (bitmapEncoding && id === 65 && bitmap) bitmap = { ...bitmap, tertiary: 'as-field-65' };
    else fields[id] = withMeaning(id, fieldOf(element, id));
  }
  if (!mti) throw importError(root, 'a field 0', 'none');
  if (!bitmap) throw importError(root, 'a bitmap as field 1', 'none');
  const header = headerOf(root);
  return {
    name,
    description: 'imported from a jPOS packager file',
    conformant: false,
    mti,
    bitmap,
    ...(header ? { header } : {}),
    fields,
  };
}

interface Element {
  readonly name: string;
  readonly line: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
}

function headerOf(root: Element): Field | undefined {
  const length = Number(root.attributes['headerlength'] ?? '0');
  if (!length) return undefined;
  return { name: 'Header', content: 'b', encoding: 'binary', length: { fixed: length } };
}

function bitmapStyle(encoding: BitmapStyle['encoding'], bytes: number): BitmapStyle {
  if (bytes <= 8) return { encoding, secondary: 'never' };
  return bytes > 16 ? { encoding, tertiary: 'after-secondary' } : { encoding };
}

function mtiEncoding(element: Element, className: string): Dialect['mti']['encoding'] {
  const field = jposField(className, { name: 'MTI', length: 4, padLeft: true });
  const encoding = field?.encoding;
  if (encoding === 'ascii' || encoding === 'bcd' || encoding === 'ebcdic-1047') return encoding;
  throw importError(element, 'a packager for the message type', simpleName(className));
}

function fieldOf(element: Element, number: number | undefined): Field {
  const className = attribute(element, 'class');
  const field = jposField(className, {
    name: element.attributes['name'] ?? `Field ${number ?? ''}`.trim(),
    length: integer(element, 'length'),
    padLeft: isTrue(element.attributes['pad']),
    ...(number === undefined ? {} : { number }),
  });
  if (!field) throw importError(element, 'a supported field packager', simpleName(className));
  return element.name === 'isofieldpackager' ? compositeOf(element, field) : field;
}

/** The outer class gives length and character set, the inner packager says how the parts stand in it. */
function compositeOf(element: Element, outer: Field): Field {
  const container = { ...outer, content: 'b' as const, encoding: containerEncoding(element, outer) };
  const inner = simpleName(attribute(element, 'packager'));
  if (inner.startsWith('BERTLV') || inner === 'ICCDataPackager') {
    return { ...container, composition: { kind: 'ber-tlv' }, parts: {} };
  }
  if (inner === 'DatasetPackager') return { ...container, ...dataSets(element) };
  if (inner === 'GenericTaggedFieldsPackager') return { ...container, ...taggedParts(element) };
  const isBase1 = inner === 'Base1SubFieldPackager';
  if (inner !== 'GenericPackager' && inner !== 'GenericSubFieldPackager' && !isBase1) {
    throw importError(element, 'a supported inner packager', inner);
  }
  const bitmapChild = element.children.find((child) => jposBitmap(attribute(child, 'class')));
  const children = element.children.filter((child) => child !== bitmapChild && !isEmptyType(child));
  const parts: Record<string, Part> = {};
  for (const child of children) {
    const id = integer(child, 'id');
    parts[`sf${id}`] = { ...fieldOf(child, undefined), bit: id };
  }
  // That of BASE I has a bitmap where one is described, whatever the attribute says.
  const emitted = bitmapChild && (isBase1 || isTrue(element.attributes['emitbitmap'] ?? 'true'));
  if (!emitted) return { ...container, composition: { kind: 'positional' }, parts };
  const encoding = jposBitmap(attribute(bitmapChild, 'class')) ?? 'binary';
  const headerBytes = Number(element.attributes['headerlength'] ?? '0');
  const header = headerBytes > 0 ? { headerBytes } : {};
  const bytes = bitmapBytes(bitmapChild, parts);
  return { ...container, composition: { kind: 'bitmap', bytes, encoding, ...header }, parts };
}

/**
 * Data sets keep their inside as it is. Elements by data-set bitmap would need to know which data set they belong to.
 */
function dataSets(element: Element): Pick<Field, 'composition' | 'parts'> {
  const [child] = element.children;
  if (child) throw importError(child, 'data sets without elements of their own', 'an element');
  return {
    composition: {
      kind: 'tagged',
      tag: { encoding: 'binary', characters: 2 },
      length: { prefix: 'binary', width: 2 },
    },
    parts: {},
  };
}

/** Fields by decimal tag, each with a length of its own. */
function taggedParts(element: Element): Pick<Field, 'composition' | 'parts'> {
  const mapper = simpleName(element.attributes['tagmapper'] ?? 'DecimalTagMapper');
  if (!/^(T{2,3})?DecimalTagMapper$/.test(mapper)) throw importError(element, 'decimal tags', mapper);
  const parts: Record<string, Part> = {};
  let tag: { encoding: 'ascii' | 'ebcdic-1047'; characters: number } | undefined;
  for (const child of element.children) {
    const id = integer(child, 'id');
    const className = attribute(child, 'class');
    const tagged = jposTagged(className, {
      name: child.attributes['name'] ?? `Field ${id}`,
      length: integer(child, 'length'),
      padLeft: isTrue(child.attributes['pad']),
    });
    if (!tagged) throw importError(child, 'a packager with a tag', simpleName(className));
    tag ??= tagged.tag;
    if (tag.encoding !== tagged.tag.encoding || tag.characters !== tagged.tag.characters) {
      throw importError(child, `tags of ${tag.characters} characters throughout`, simpleName(className));
    }
    parts[`sf${id}`] = { ...tagged.field, tag: String(id).padStart(tag.characters, '0') };
  }
  if (!tag) throw importError(element, 'fields with tags', 'none');
  return { composition: { kind: 'tagged', tag }, parts };
}

/** A bitmap of 16 bytes shrinks to eight on the wire while no part beyond 64 is there; such parts are not supported. */
function bitmapBytes(element: Element, parts: Readonly<Record<string, Part>>): number {
  const bytes = integer(element, 'length');
  const beyond = Object.values(parts).find((part) => (part.bit ?? 0) > 64);
  if (bytes > 8 && beyond) throw importError(element, 'inner fields 1 to 64', String(beyond.bit));
  return Math.min(bytes, 8);
}

/** An inner message has no type of its own: a field 0 of no length. */
function isEmptyType(child: Element): boolean {
  return integer(child, 'id') === 0 && integer(child, 'length') === 0;
}

function containerEncoding(element: Element, outer: Field): Field['encoding'] {
  const { encoding, content } = outer;
  if (content === 'b' || encoding === 'ebcdic-1047') return encoding;
  if (encoding === 'ascii') return 'binary';
  throw importError(
    element,
    'an outer packager for characters or bytes',
    simpleName(attribute(element, 'class')),
  );
}

/** Blanks around the value of an attribute mean nothing: packagers as shipped have some behind class names. */
function readElements(xml: string): Element {
  const parser = sax.parser(true, { lowercase: true });
  const open: Element[] = [];
  let root: Element | undefined;
  parser.onopentag = ({ name, attributes }) => {
    const lower = Object.entries(attributes).map(([key, value]) => [key.toLowerCase(), String(value).trim()]);
    const element = { name, line: parser.line + 1, attributes: Object.fromEntries(lower), children: [] };
    const parent = open.at(-1);
    if (parent) parent.children.push(element);
    else root ??= element;
    if (open.length > maxDepth) throw importError(element, `at most ${maxDepth} levels`, 'more');
    if (!knownElements.includes(name)) throw importError(element, knownElements.join(', '), name);
    open.push(element);
  };
  parser.onclosetag = () => void open.pop();
  parser.onerror = (error) => {
    const line = parser.line + 1;
    throw importError({ name: '', line, attributes: {}, children: [] }, 'well-formed XML', firstLine(error));
  };
  parser.write(xml).close();
  if (!root) throw importError({ name: '', line: 1, attributes: {}, children: [] }, 'an element', 'none');
  return root;
}

const maxDepth = 16;
const knownElements = ['isopackager', 'isofield', 'isofieldpackager'];

function attribute(element: Element, name: string): string {
  const value = element.attributes[name];
  if (value === undefined) throw importError(element, `an attribute ${name}`, `${element.name} without`);
  return value;
}

/** As Java reads it: in capitals and small letters, and anything else is false. */
function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true';
}

function integer(element: Element, name: string): number {
  const text = attribute(element, name);
  if (!/^[0-9]{1,6}$/.test(text)) throw importError(element, `a number as ${name}`, text.slice(0, 20));
  return Number(text);
}

function firstLine(error: Error): string {
  return error.message.split('\n')[0] ?? '';
}

function importError(element: Element, expected: string, found: string): IsoError {
  return new IsoError('ISO_IMPORT', { path: `line ${element.line}`, expected, found });
}
