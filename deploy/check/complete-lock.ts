/**
 * Packages with native parts list one package per platform as optional. Where the registry at hand does not carry all
 * of them, `npm install` writes a lock file without the absent ones, and every later `npm ci` refuses it ("Missing: …
 * from lock file"). This adds an entry for each: never installed here, its platform being another, but accounted for.
 * Usage: `node deploy/check/complete-lock.ts` after adding or upgrading a package; the tidy test says when.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LockFile {
  packages: Record<string, LockedPackage>;
}

interface LockedPackage {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  cpu?: string[];
  os?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

interface AbsentPackage {
  name: string;
  version: string;
  parent: LockedPackage;
}

const OPERATING_SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];

/** The optional packages that a lock file names as dependencies but has no entry for. */
export function absentOptionalPackages(lock: LockFile): AbsentPackage[] {
  return Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !isLocked(lock, path, name))
      .map(([name, version]) => ({ name, version, parent: entry })),
  );
}

/** Looks for a package as Node does: in the `node_modules` of its parent, then further out. */
function isLocked(lock: LockFile, parentPath: string, name: string): boolean {
  for (let base = parentPath; ; base = base.slice(0, Math.max(0, base.lastIndexOf('node_modules/') - 1))) {
    if (lock.packages[`${base === '' ? '' : `${base}/`}node_modules/${name}`]) return true;
    if (base === '') return false;
  }
}

function entryFor({ name, version, parent }: AbsentPackage): LockedPackage {
  const words = name.split(/[/-]/);
  const os = OPERATING_SYSTEMS.filter((word) => words.includes(word));
  const cpu = PROCESSORS.filter((word) => words.includes(word));
  const libc = words.some((word) => word.startsWith('musl')) ? { libc: ['musl'] } : {};
  const runsHere = os[0] === 'linux' && (cpu[0] === 'x64' || cpu[0] === 'arm64') && !('libc' in libc);
  if (os.length !== 1 || cpu.length !== 1 || runsHere || !/^\d/.test(version)) {
    throw new Error(`${name}@${version} cannot be left out: no other platform can be read from its name`);
  }
  const dev = parent.dev ? { dev: true } : {};
  return { version, cpu, ...dev, ...libc, optional: true, os };
}

function completeLock(path: string): void {
  const lock: LockFile = JSON.parse(readFileSync(path, 'utf8'));
  const absent = absentOptionalPackages(lock);
  for (const each of absent) lock.packages[`node_modules/${each.name}`] = entryFor(each);
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`package-lock.json: ${absent.length} entries added`);
}

if (import.meta.main) completeLock(join(import.meta.dirname, '../../package-lock.json'));
