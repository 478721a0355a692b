import { shortName } from './recorder.ts';

/** One line of a stack that `perf script` prints. */
export interface Frame {
  readonly name: string;
  /** Of JavaScript: its file, as short as it can be. */
  readonly file: string | undefined;
}

const FRAME = /^\s*[0-9a-f]+\s+(.*)\s+\(([^()]*)\)\s*$/;
/** `JS:*append file:///…/writer.ts:12:3`: kind, tier, name, place. */
const KIND = /^(?:\w+:)?[*~^+']?/;
const PLACE = /\s(\S+?)(?::\d+)*$/;
const GARBAGE_COLLECTION = /Scaveng|MarkCompact|Marking|Sweeper|Heap::|GarbageCollect|Evacuat/;
const COMPILATION =
  /internal::(compiler|maglev|interpreter|baseline|parsing|\w*Compiler|\w*CompilationJob|\w*ParserBase)::/;

export function parseFrame(line: string): Frame | undefined {
  const [, symbol, dso = ''] = FRAME.exec(line) ?? [];
  if (symbol === undefined) return undefined;
  const library = dso.split('/').at(-1) ?? '';
  if (library.startsWith('perf-')) {
    const name = shortName(symbol.replace(KIND, '')).replace(/^ /, '(anonymous) ');
    return { name, file: PLACE.exec(name)?.[1] };
  }
  const name = symbol === '[unknown]' ? '(unnamed)' : symbol;
  return { name: `${name} [${library}]`, file: undefined };
}

/**
 * For whom a sample was spent: the innermost JavaScript function on its stack, and the folder it lies in. What the
 * garbage collector and the compilers do is theirs, whoever was running when they set to work.
 */
export function groupOfFrames(frames: readonly Frame[]): { cause: string; place: string } {
  for (const { name, file } of frames) {
    if (file !== undefined) return { cause: name, place: placeOf(file) };
    if (GARBAGE_COLLECTION.test(name)) return own('(garbage collection)');
    if (COMPILATION.test(name)) return own('(compilation)');
  }
  const library = /\[([^[\]]+)\]+$/.exec(frames[0]?.name ?? '')?.[1] ?? 'unknown';
  return own(`(no JavaScript on the stack, in ${library})`);
}

function own(name: string): { cause: string; place: string } {
  return { cause: name, place: name };
}

/** `switch/journal/writer.ts` → `switch/journal`; a package by its name; Node's own modules by theirs. */
function placeOf(file: string): string {
  const packaged = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file);
  if (packaged?.[1]) return packaged[1];
  if (file.startsWith('node:')) return file;
  return file.split('/').slice(0, -1).join('/') || file;
}
