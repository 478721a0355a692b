/**
 * The frame of every command that people type: `--version`, and each mistake told in a line, with exit code 1. A stack
 * trace tells whoever mistyped a file's name nothing but that the program is broken; who works on the program asks for
 * it with ETIKA_TRACE=1. A frame in each command was what there was: half of them had one.
 */
import packageJson from '../package.json' with { type: 'json' };
import { explain } from './explain.ts';

export const VERSION = packageJson.version;

export interface Tool {
  /** How it names itself: what people type. */
  readonly name: string;
  readonly args: readonly string[];
  /** A process that runs until it is stopped: what escapes it is a fault of ours, and ends it with its stack. */
  readonly isService?: boolean;
}

/** Runs a command and asks for the exit code that it gives; what it throws, now or later, is told in a line. */
export async function runTool(
  { name, args, isService = false }: Tool,
  run: (args: readonly string[]) => number | undefined | Promise<number | undefined>,
): Promise<void> {
  const fail = (error: unknown) => {
    process.stderr.write(`${name}: ${reasonOf(error)}\n`);
    process.exitCode = 1;
  };
  const failAtOnce = (error: unknown) => {
    fail(error);
    process.exit(1);
  };
  if (!isService) {
    process.on('uncaughtException', failAtOnce);
    process.on('unhandledRejection', failAtOnce);
    endQuietlyWithItsReader();
  }

  if (asksForVersion(args)) {
    console.log(`${name} ${VERSION}`);
    return;
  }
  try {
    const code = await run(args);
    if (code !== undefined) process.exitCode = code;
  } catch (error) {
    fail(error);
  }
}

/** `--version` before `--`: what follows is no option of the command. */
function asksForVersion(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).includes('--version');
}

/** `command | head -1` closes the pipe: nobody reads on, and that is no failure to tell anybody of. */
function endQuietlyWithItsReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}

function reasonOf(error: unknown): string {
  const isTraced = process.env['ETIKA_TRACE'] === '1' && error instanceof Error;
  return isTraced ? String(error.stack) : explain(error);
}
