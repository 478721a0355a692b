import { BusinessCalendar } from '../config/business-calendar.ts';

/** Tells the business date of a moment: for lines of ledgers, which have none of their own. */
export interface Dating {
  /** YYYY-MM-DD. */
  dateOf(epochMs: number): string;
}

export const UTC_DAYS: Dating = new BusinessCalendar();
