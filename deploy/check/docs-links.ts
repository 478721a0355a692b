/**
 * Checks that every relative link of the Markdown pages leads somewhere: to a file of the repository and, where a
 * `#section` is named, to a heading of that page. Links to other sites are not followed. Exits 1 where one is broken.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');
const LINK = /\[[^\]]*\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g;

const pages = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));

const broken = pages.flatMap(brokenLinksOf);
for (const line of broken) console.error(line);
console.log(`docs links: ${pages.length} pages, ${broken.length} broken`);
process.exitCode = broken.length === 0 ? 0 : 1;

function brokenLinksOf(page: string): string[] {
  const lines = withoutCode(readFileSync(join(root, page), 'utf8')).split('\n');
  return lines.flatMap((line, index) =>
    [...line.matchAll(LINK)]
      .map(([, target = '']) => ({ target, fault: faultOf(page, target) }))
      .filter(({ fault }) => fault !== undefined)
      .map(({ target, fault }) => `${page}:${index + 1}: ${target}: ${fault}`),
  );
}

function faultOf(page: string, link: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined;
  const [path = '', section] = link.split('#', 2);
  const target = path === '' ? join(root, page) : join(root, dirname(page), decodeURIComponent(path));
  if (relative(root, target).startsWith('..')) return 'leads out of the repository';
  if (!existsSync(target)) return 'no such file';
  if (section === undefined || !target.endsWith('.md')) return undefined;
  return headingsOf(target).has(section) ? undefined : 'no such heading';
}

/** Headings as the anchors that code hosts make of them: lower case, punctuation dropped, spaces to hyphens. */
function headingsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const line of withoutCode(readFileSync(page, 'utf8')).split('\n')) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const words = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '');
    const anchor = words.replace(/\s/g, '-');
    let unique = anchor;
    for (let n = 1; anchors.has(unique); n += 1) unique = `${anchor}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Fenced blocks emptied, so that examples are not taken for links; line numbers stay. */
function withoutCode(markdown: string): string {
  return markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, (block) => block.replace(/[^\n]/g, ''));
}
