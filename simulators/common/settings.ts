import { parseArgs } from 'node:util';
import { SimulatorError } from '../errors.ts';

/** One setting of a process: a flag beats the environment, which beats the default. */
export interface Setting<T> {
  env: string;
  fallback: string;
  read(text: string): T | undefined;
  expected: string;
}

export function numberSetting(env: string, fallback: number, min: number, max: number): Setting<number> {
  const read = (text: string) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  };
  return { env, fallback: String(fallback), read, expected: `a whole number from ${min} to ${max}` };
}

export function textSetting(env: string, fallback: string, pattern = /^.{1,4096}$/): Setting<string> {
  const read = (text: string) => (pattern.test(text) ? text : undefined);
  return { env, fallback, read, expected: `text like ${pattern.source}` };
}

type Values<S> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/**
 * Reads the settings of a process; the flag of `maxFrame` is `--maxFrame`.
 * @throws {SimulatorError} SIM_SETTING_INVALID, naming the setting and what was expected, never its value
 */
export function readSettings<S extends Record<string, Setting<unknown>>>(
  settings: S,
  argv: readonly string[] = process.argv.slice(2),
  env: Readonly<Record<string, string | undefined>> = process.env,
): Values<S> {
  const options = Object.fromEntries(
    Object.keys(settings).map((name) => [name, { type: 'string' as const }]),
  );
  const { values } = parseArgs({ args: [...argv], options, strict: true });
  const entries = Object.entries(settings).map(([name, setting]) => {
    const flag = values[name];
    const text = typeof flag === 'string' ? flag : (env[setting.env] ?? setting.fallback);
    const value = setting.read(text);
    if (value === undefined) {
      throw new SimulatorError('SIM_SETTING_INVALID', {
        setting: `--${name} (${setting.env})`,
        expected: setting.expected,
      });
    }
    return [name, value];
  });
  return Object.fromEntries(entries) as Values<S>;
}
