/**
 * Room for the young of a process that carries many purchases at once.
 *
 * A purchase lives a few tens of milliseconds. V8 begins with a young heap of one megabyte and lets it grow only where
 * much of it survives. So it collects some thirty times a second, and each time it copies what the purchases in flight
 * hold: a quarter of the switch's time at 2,000/s. With this room it collects once or twice a second, and copies once.
 *
 * The largest size alone was tried, and changes nothing: it is a bound that V8 does not come near. The least size is not
 * allowed in NODE_OPTIONS, so whoever starts the process gives it, or it starts itself anew.
 */
export const YOUNG_HEAP_ARGS: readonly string[] = ['--min-semi-space-size=32', '--max-semi-space-size=64'];

export function hasRoomForTheYoung(): boolean {
  return YOUNG_HEAP_ARGS.every((arg) => process.execArgv.includes(arg));
}

/**
 * Puts this program in its own place, started with that room: same process id, arguments, environment and output. Where
 * the system has no such call, it returns, and the program goes on with the heap that it has.
 */
export function withRoomForTheYoung(): void {
  const [node = process.execPath, ...args] = process.argv;
  const { execve } = process;
  if (execve) execve(process.execPath, [node].concat(process.execArgv, YOUNG_HEAP_ARGS, args), process.env);
}
