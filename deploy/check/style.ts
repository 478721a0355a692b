import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Holds the rules of style that the formatter cannot: no comment is wider than 120 characters, a body that does not fit
 * on the line of its `if`, `for`, `while` or `else` stands in braces, and no literal is spread into another, which only
 * keeps several fields on one line. It reads lines, not syntax: the formatter has run before, so these shapes have one
 * form each. A linter's rule for braces was tried; it asks for them around one-line guards too.
 */

const MAX_WIDTH = 120;
const COMMENT = /^\s*(\*|\/\/|\/\*)|\S \/\/ /;
/** A head that ends its line, with nothing opened: what follows is a body without braces. */
const BARE_HEAD = /^\s*(\} )?((else )?(if|for|while)( await)? \(.*\)|else)$/;
const SPREAD_LITERAL = /\.\.\.\{ |^\s*\.\.\.\[.*\],?$/;
const HEAD_ON_SEVERAL_LINES = /^(\s*)(\} )?(else )?(if|for|while)( await)? \($/;

export interface Breach {
  readonly line: number;
  readonly rule: string;
}

/** @param text of a formatted TypeScript file */
export function breaches(text: string): Breach[] {
  const found: Breach[] = [];
  const lines = text.split('\n');
  let headIndent: string | undefined;
  for (const [index, content] of lines.entries()) {
    const line = index + 1;
    if (content.length > MAX_WIDTH && COMMENT.test(content)) {
      found.push({ line, rule: `a comment is wider than ${MAX_WIDTH} characters` });
    }
    if (SPREAD_LITERAL.test(content)) found.push({ line, rule: 'a literal is spread into another' });
    headIndent = HEAD_ON_SEVERAL_LINES.exec(content)?.[1] ?? headIndent;
    const endsHead = headIndent !== undefined && content === `${headIndent})`;
    if (endsHead || BARE_HEAD.test(content)) {
      found.push({ line, rule: 'a body on its own line needs braces' });
    }
    if (headIndent !== undefined && content.startsWith(`${headIndent})`)) headIndent = undefined;
  }
  return found;
}

function main(): void {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts'], { encoding: 'utf8' });
  let count = 0;
  for (const path of listed.split('\n').filter((each) => each !== '')) {
    for (const { line, rule } of breaches(readFileSync(path, 'utf8'))) {
      console.error(`${path}:${line}: ${rule}`);
      count += 1;
    }
  }
  console.log(`style: ${count} breaches`);
  process.exitCode = count === 0 ? 0 : 1;
}

if (import.meta.main) main();
