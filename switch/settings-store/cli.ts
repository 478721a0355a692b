/**
 * `etika-switch settings`: looks at a file of shared settings, and writes it as a version that every node follows. It
 * is the one door by which a version comes in, and every version passes the same dry run.
 */
import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { scheduler } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { createLog, systemClock } from '../../runtime/index.ts';
import { commandDatabase } from '../config/command-settings.ts';
import { settingsReference, settingsSchema } from '../config/reference.ts';
import type { SharedSettings } from '../config/shared-settings.ts';
import { type Checked, type CheckOptions, checkShared, readShared } from './check.ts';
import { differenceLines, isEmpty } from './difference.ts';
import { type Follower, SETTINGS_ROLE, SettingsStore } from './settings-store.ts';

const FOLLOWED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 200;
/** Who has said nothing for so long is not waited for. */
const SILENT_AFTER_MS = 30_000;

interface Shared extends CheckOptions {
  readonly json?: boolean;
}

interface ApplyOptions extends Shared {
  readonly by: string;
  readonly why: string;
}

export function settingsCommand(): Command {
  return new Command('settings')
    .description(
      'What all nodes have in common: terminals, merchants, routes, data of networks, in numbered versions that every ' +
        'node follows within two seconds. docs/shared-settings.md describes the file.',
    )
    .addCommand(checkCommand())
    .addCommand(applyCommand())
    .addCommand(showCommand())
    .addCommand(listCommand())
    .addCommand(schemaCommand())
    .addCommand(referenceCommand());
}

function checkCommand(): Command {
  return atDatabase(new Command('check'))
    .description(
      'a dry run: what is wrong with a file, and what it would change. Exits 1 where something is wrong',
    )
    .argument('<file>', "shared settings, or a node's settings, whose shared part is taken")
    .action((file: string, options: Shared) =>
      withStore(options, async (store) => {
        const checked = await checkShared(readShared(file), store, options);
        tell(checked, options);
        if (checked.problems.length > 0) process.exitCode = 1;
      }),
    );
}

function applyCommand(): Command {
  return atDatabase(new Command('apply'))
    .description(
      'writes a file as the next version, after the same dry run, and waits until the nodes follow it',
    )
    .argument('[file]', "shared settings, or a node's settings; absent with --again")
    .option('--again <version>', 'an earlier version instead of a file: goes back to it', versionNumber)
    .option('--by <name>', 'who says so', userInfo().username)
    .option('--why <text>', 'kept with the version', '')
    .action((file: string | undefined, options: ApplyOptions & { again?: number }) =>
      withStore(options, async (store) => {
        const content = await contentOf(file, options.again, store);
        const checked = await checkShared(content, store, options);
        if (checked.problems.length > 0 || checked.isSame) {
          tell(checked, options);
          if (checked.problems.length > 0) process.exitCode = 1;
          return;
        }
        await apply(checked, store, options);
      }),
    );
}

async function contentOf(
  file: string | undefined,
  again: number | undefined,
  store: SettingsStore,
): Promise<unknown> {
  if ((file === undefined) === (again === undefined)) {
    throw new Error('name a file, or --again and a version');
  }
  if (file !== undefined) return readShared(file);
  const stored = await store.version(again ?? 0);
  if (!stored) throw new Error(`there is no version ${again}`);
  return stored.content;
}

async function apply(checked: Checked, store: SettingsStore, { by, why, json }: ApplyOptions): Promise<void> {
  const content = checked.content as SharedSettings;
  const version = await store.write({ content, by, why, after: checked.inForce });
  if (version === undefined) {
    throw new Error('another version was applied in between: look at the difference again');
  }
  const followers = await followed(version, store);
  const late = followers.filter((each) => each.version !== version);
  if (json) console.log(JSON.stringify({ version, followers }));
  else console.log([`version ${version} is in force`, ...followers.map(followerLine)].join('\n'));
  if (late.length > 0) process.exitCode = 1;
}

/** Those that live, once all of them follow, or when they were waited for long enough. */
async function followed(version: number, store: SettingsStore): Promise<Follower[]> {
  for (let leftMs = FOLLOWED_WITHIN_MS; ; leftMs -= LOOK_EVERY_MS) {
    const living = (await store.followers()).filter(isLiving);
    const isDone = living.every((each) => each.version === version || each.problem !== null);
    if (isDone || leftMs <= 0) return living;
    await scheduler.wait(LOOK_EVERY_MS);
  }
}

function isLiving({ seenAt }: Follower): boolean {
  return systemClock.wall() - seenAt.getTime() < SILENT_AFTER_MS;
}

function showCommand(): Command {
  return atDatabase(new Command('show'))
    .description('the content of a version, or the shared part of a file, as a file for check and apply')
    .argument('[what]', 'the number of a version, or a file; absent: the version in force')
    .option('--to <file>', 'writes it there')
    .action(async (what: string | undefined, options: Shared & { to?: string }) => {
      const content = await shownContent(what, options);
      const text = JSON.stringify(content, null, options.json ? undefined : 2);
      if (options.to === undefined) console.log(text);
      else writeFileSync(options.to, `${text}\n`);
    });
}

async function shownContent(what: string | undefined, options: Shared): Promise<unknown> {
  if (what !== undefined && !/^\d+$/.test(what)) return readShared(what);
  let content: unknown;
  await withStore(options, async (store) => {
    const number = what === undefined ? await store.latestNumber() : Number(what);
    const stored = await store.version(number);
    if (!stored) {
      throw new Error(number === 0 ? 'no version was applied yet' : `there is no version ${number}`);
    }
    content = stored.content;
  });
  return content;
}

function listCommand(): Command {
  return atDatabase(new Command('list'))
    .description('the latest 100 versions, and which of them each process follows')
    .action((options: Shared) =>
      withStore(options, async (store) => {
        const [versions, followers] = [await store.list(), await store.followers()];
        if (options.json) {
          console.log(JSON.stringify({ versions, followers }));
          return;
        }
        const lines = versions.map(({ version, appliedAt, by, why }) =>
          `${String(version).padStart(6)}  ${appliedAt.toISOString().slice(0, 19)}  ${by}  ${why}`.trimEnd(),
        );
        const none = "no version was applied yet: every node's own file holds";
        console.log(
          [...(lines.length > 0 ? lines : [none]), '', ...followers.map(followerLine)].join('\n').trim(),
        );
      }),
    );
}

function schemaCommand(): Command {
  return new Command('schema')
    .description('the JSON schema of shared settings, or of a whole node')
    .option('--node', "of a node's own file")
    .option('--json', 'it is JSON in any case')
    .action(({ node }: { node?: boolean }) => console.log(settingsSchema(node ? 'node' : 'shared')));
}

function referenceCommand(): Command {
  return new Command('reference')
    .description('the reference page of docs/settings-reference.md, made from the schemas')
    .option('--json', 'as one JSON string')
    .action(({ json }: { json?: boolean }) =>
      console.log(json ? JSON.stringify(settingsReference()) : settingsReference().trimEnd()),
    );
}

function tell(checked: Checked, { json }: Shared): void {
  const { problems, difference, inForce, isSame, notes } = checked;
  if (json) {
    console.log(JSON.stringify({ inForce, problems, notes, isSame, difference }));
    return;
  }
  const lines =
    problems.length > 0
      ? ['it cannot be applied:', ...problems.map((problem) => `  ${problem}`)]
      : isSame
        ? [`it is what version ${inForce} says: nothing to apply`]
        : [`it can be applied; beside ${inForce === 0 ? "the node's own file" : `version ${inForce}`}:`];
  const changes = difference && !isEmpty(difference) ? differenceLines(difference) : ['  nothing changes'];
  console.log([...lines, ...(problems.length > 0 || isSame ? [] : changes), ...notes].join('\n'));
}

function followerLine({ process: name, version, seenAt, problem }: Follower): string {
  const which = version === 0 ? 'its own file' : `version ${version}`;
  const silent =
    systemClock.wall() - seenAt.getTime() > SILENT_AFTER_MS ? `, silent since ${seenAt.toISOString()}` : '';
  return `  ${name.padEnd(24)} follows ${which}${silent}${problem === null ? '' : `\n    ${problem}`}`;
}

function atDatabase(command: Command): Command {
  return command
    .option(
      '--settings <file>',
      'settings of a switch node, for its database and its networks; absent: DATABASE_URL, and what `npm start` has written',
    )
    .option('--hsm-socket <path>', 'the HSM process whose token is looked at for the names of keys')
    .option('--json', 'machine-readable output');
}

async function withStore(options: Shared, work: (store: SettingsStore) => Promise<void>): Promise<void> {
  const store = new SettingsStore(commandDatabase(options.settings), createLog('settings'), SETTINGS_ROLE);
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

function versionNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected the number of a version.');
}
