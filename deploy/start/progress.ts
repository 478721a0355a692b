/** Tells a person what is going on: one line per step, with how long it took. */
export interface Progress {
  step<T>(doing: string, work: () => Promise<T>, done: (result: T) => string): Promise<T>;
  say(line: string): void;
}

export function progressTo(stream: NodeJS.WriteStream): Progress {
  const clear = stream.isTTY ? '\r\x1b[2K' : '';
  const say = (line: string) => {
    stream.write(`${line}\n`);
  };
  return {
    say,
    async step(doing, work, done) {
      const began = performance.now();
      if (stream.isTTY) stream.write(`  … ${doing}`);
      try {
        const result = await work();
        say(`${clear}  ✓ ${done(result)} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
        return result;
      } catch (error) {
        say(`${clear}  ✗ ${doing}`);
        throw error;
      }
    },
  };
}
