// Puts everything in place that `npm start`, `npm test` and the other commands need, then gets out of the way.
// Runs before each of them (package.json, `pre…` scripts) on whatever Node the machine has, hence plain JavaScript
// and nothing but Node's own modules. When all is there it takes a few dozen milliseconds and says nothing.

import { execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const OLDEST_NODE_FOR_SETUP = 18;
const LINES_SHOWN_ON_FAILURE = 20;

class SetupError extends Error {}

const HELP = `npm run setup [-- options]

Installs what the other commands need and is not there: npm packages, the pinned Node among them, and SoftHSM by
apt-get. Runs before npm start, npm test, npm run check and npm run bench by itself; says nothing where all is there.

  --help      this page
  --version   the release`;

tellAndExit(process.argv.slice(2));
try {
  checkPlatform();
  const reason = whyPackagesMustBeInstalled();
  if (reason) await installPackages(reason);
  checkPinnedNode();
  linkOwnCommand();
  if (!softHsmFound()) await installSoftHsm();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`\nSet-up stopped: ${error.message}\n`);
  process.exitCode = 1;
}

function tellAndExit([option, ...others]) {
  if (option === undefined) return;
  const answers = { '--help': HELP, '--version': `npm run setup ${readJson('package.json').version}` };
  const answer = others.length === 0 && Object.hasOwn(answers, option) ? answers[option] : undefined;
  if (answer === undefined) say(`npm run setup: unknown option ${option}\n\n${HELP}`);
  else process.stdout.write(`${answer}\n`);
  process.exit(answer === undefined ? 1 : 0);
}

function checkPlatform() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE_FOR_SETUP) {
    throw new SetupError(`Node ${process.versions.node} is too old to install anything; Node 20 is enough.`);
  }
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new SetupError(
      `this is ${process.platform}-${process.arch}; the pinned Node, PostgreSQL and SoftHSM are for Linux on x64 or arm64.`,
    );
  }
}

/** Compares what is installed with the lock file, entry by entry: file times lie after a `git pull` or a copy. */
function whyPackagesMustBeInstalled() {
  const installed = readJson('node_modules/.package-lock.json');
  if (!installed) return 'nothing is installed yet';
  const locked = readJson('package-lock.json');
  if (!locked) throw new SetupError('package-lock.json is missing or unreadable; is this a complete clone?');
  for (const [path, entry] of Object.entries(locked.packages)) {
    if (path === '') continue;
    const present = installed.packages[path];
    const absentElsewhere = !present && (entry.optional || entry.peer);
    if (!absentElsewhere && present?.version !== entry.version) return `${path} is not at ${entry.version}`;
  }
  if (!existsSync(join(root, 'node_modules/.bin/node'))) return 'the pinned Node is missing';
  return undefined;
}

async function installPackages(reason) {
  say(`Installing npm packages (${reason}); about a minute on a new machine …`);
  const { folder, forget } = headersWithoutSpaces();
  const { code, output } = await run('npm', ['ci'], { npm_config_nodedir: folder, ...writableCache() });
  forget();
  if (code !== 0) {
    throw new SetupError(
      `npm ci failed (exit ${code}):\n${whatItSaid(output)}\n` +
        'It needs the npm registry, and a C++ compiler, make and python3 to build pkcs11js ' +
        '(Debian: apt-get install -y g++ make python3).',
    );
  }
}

/**
 * pkcs11js is compiled here: with the pinned Node's own headers nothing is fetched from outside the registry. node-gyp
 * splits their path at a space, so where this clone's has one they get another name for as long as it takes.
 */
function headersWithoutSpaces() {
  const headers = join(root, 'node_modules', `node-linux-${process.arch}`);
  if (!/\s/.test(headers)) return { folder: headers, forget() {} };
  const name = mkdtempSync(join(/\s/.test(tmpdir()) ? '/tmp' : tmpdir(), 'etika-headers-'));
  symlinkSync(headers, join(name, 'node'));
  return { folder: join(name, 'node'), forget: () => rmSync(name, { recursive: true, force: true }) };
}

/** npm keeps its packages in the home folder, and stops where that is read-only: then they are kept here. */
function writableCache() {
  const usual = process.env.npm_config_cache ?? join(homedir(), '.npm');
  try {
    mkdirSync(usual, { recursive: true });
    accessSync(usual, constants.W_OK);
    return {};
  } catch {
    return { npm_config_cache: join(root, '.data/npm-cache') };
  }
}

/** npm falls back to the machine's Node without a word where the optional package did not install. */
function checkPinnedNode() {
  const pinned = readJson('package.json').optionalDependencies[`node-linux-${process.arch}`];
  let found;
  try {
    found = execFileSync(join(root, 'node_modules/.bin/node'), ['--version'], { encoding: 'utf8' }).trim();
  } catch (error) {
    throw new SetupError(
      `node_modules/.bin/node does not run (${error.message}); remove node_modules and retry.`,
    );
  }
  if (found !== `v${pinned}`) {
    throw new SetupError(
      `node_modules/.bin/node is ${found}, expected v${pinned}; remove node_modules and retry.`,
    );
  }
}

/** npm links the commands of dependencies only; with our own beside them `npx etika-switch` works at once. */
function linkOwnCommand() {
  const link = join(root, 'node_modules/.bin/etika-switch');
  if (lstatSync(link, { throwIfNoEntry: false })) return;
  mkdirSync(dirname(link), { recursive: true });
  try {
    symlinkSync('../../deploy/cli/etika-switch.js', link);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
}

function softHsmFound() {
  if (process.env.PKCS11_MODULE) return existsSync(process.env.PKCS11_MODULE);
  const folders = ['/usr/lib', '/usr/lib64', '/usr/local/lib', ...multiarchFolders()];
  return folders.some((folder) => existsSync(join(folder, 'softhsm/libsofthsm2.so')));
}

function multiarchFolders() {
  return readdirSync('/usr/lib')
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => join('/usr/lib', name));
}

async function installSoftHsm() {
  const byHand = 'sudo apt-get update && sudo apt-get install -y softhsm2';
  if (process.env.PKCS11_MODULE) {
    throw new SetupError(`PKCS11_MODULE names ${process.env.PKCS11_MODULE}, which does not exist.`);
  }
  const asRoot = commandAsRoot();
  if (!asRoot) {
    throw new SetupError(
      `SoftHSM is missing and this user may not install it. Run:\n\n  ${byHand}\n\nthen the same command again.`,
    );
  }
  const [command, ...prefix] = asRoot;
  const apt = (...args) => run(command, [...prefix, 'apt-get', '-q', ...args]);
  say('Installing SoftHSM, the software token of the development HSM, with apt-get …');
  const update = await apt('update');
  const install = await apt('install', '-y', '--no-install-recommends', 'softhsm2');
  if (install.code === 0 && softHsmFound()) return;
  throw new SetupError(
    `apt-get could not install SoftHSM:\n${whatItSaid(update.output + install.output)}\nTry by hand:\n\n  ${byHand}\n`,
  );
}

function commandAsRoot() {
  if (!existsSync('/usr/bin/apt-get')) return undefined;
  if (process.getuid() === 0) return ['env', 'DEBIAN_FRONTEND=noninteractive'];
  try {
    execFileSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
    return ['sudo', '-n', 'DEBIAN_FRONTEND=noninteractive'];
  } catch {
    return undefined;
  }
}

/** Runs to the end, output kept for a failure message; a dot every two seconds shows that it lives. */
function run(command, args, env = {}) {
  return new Promise((resolve) => {
    let output = '';
    const started = Date.now();
    const heartbeat = setInterval(() => process.stderr.write('.'), 2_000);
    const finish = (code) => {
      clearInterval(heartbeat);
      say(` ${code === 0 ? 'done' : 'failed'} after ${((Date.now() - started) / 1000).toFixed(1)} s`);
      resolve({ code, output });
    };
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    child.once('error', (error) => {
      output += error.message;
      finish(-1);
    });
    child.once('close', finish);
  });
}

/** What a failed command said, without npm's remarks on this Node's age and its help text. */
function whatItSaid(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.includes('EBADENGINE'));
  return lines.slice(0, LINES_SHOWN_ON_FAILURE).join('\n');
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8'));
  } catch {
    return undefined;
  }
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
