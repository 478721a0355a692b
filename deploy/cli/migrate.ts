import { Command } from 'commander';
import { createLog } from '../../runtime/index.ts';
import { fitDatabase } from '../../switch/config/command-settings.ts';
import { migrate } from '../../switch/database/migrate.ts';

/** `etika-switch migrate`: the schema of this release, before its first node starts. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description(
      'Brings the database of DATABASE_URL to the schema of this release. Connects as its owner; runs any number of ' +
        'times; never goes back.',
    )
    .option('--json', 'machine-readable output')
    .action(async ({ json }: { json?: boolean }) => {
      const databaseUrl = process.env['DATABASE_URL'];
      if (!databaseUrl) throw new Error('DATABASE_URL is missing: postgres://OWNER:PASSWORD@HOST/DATABASE');
      await migrate(fitDatabase(databaseUrl), createLog('migrate'));
      console.log(json ? JSON.stringify({ migrated: true }) : 'the database has the schema of this release');
    });
}
