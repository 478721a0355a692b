import { OptionError } from './option-error.ts';

/** @throws {OptionError} */
export function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new OptionError(`--${name} is a whole number from 1 to ${most}`);
}
