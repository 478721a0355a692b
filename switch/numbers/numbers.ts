/** What a message is known by to a network: DE11 and DE37. They are the switch's own, whatever its terminals count. */
export interface OwnNumbers {
  /** Six digits, never zero. */
  readonly stan: string;
  /** Twelve digits; the last six are the STAN. */
  readonly rrn: string;
}

/** Where numbers towards networks come from. */
export interface Numbers {
  /** Never the same twice on one day; nothing where none is to be had now. Waits for nobody. */
  next(network: string): OwnNumbers | undefined;
  /**
   * Which transactions a network knows by this DE37, as far as the projection tells. Absent: nobody can say.
   * @throws JournalError SW_JOURNAL_UNAVAILABLE
   */
  whose?(network: string, rrn: string): Promise<string[]>;
}
