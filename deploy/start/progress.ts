/** Tells a person what is going on: one line per step, with how long it took. */
export interface Progress {
  step<T>(doing: string, work: () => Promise<T>, done: (result: T) => string): Promise<T>;
  say(line: string): void;
}

export function progressTo(stream: NodeJS.WriteStream): Progress {
  const say = (line: string) => {
    stream.write(`${line}\n`);
  };
  return {
    say,
    async step(doing, work, done) {
      const began = performance.now();
      if (stream.isTTY) stream.write(`  … ${doing}`);
      const clear = stream.isTTY ? '\r\x1b[2K' : '';
      try {
        const result = await work();
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        stream.write(`${clear}  ✓ ${done(result)} (${seconds} s)\n`);
        return result;
      } catch (error) {
        stream.write(`${clear}  ✗ ${doing}\n`);
        throw error;
      }
    },
  };
}
