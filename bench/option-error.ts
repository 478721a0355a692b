/** What somebody typed is wrong; the message says what was expected. */
export class OptionError extends Error {}
