/** Every error of the admin API: code → status and message. Each has a section in docs/admin-api.md. */
const ADMIN_ERRORS = {
  ADM_ROUTE_UNKNOWN: { status: 404, message: 'there is nothing at this address' },
  ADM_REQUEST_INVALID: { status: 400, message: 'the request does not have the expected shape' },
  ADM_TRANSACTION_UNKNOWN: { status: 404, message: 'the journal holds no transaction of this id' },
  ADM_MODE_UNKNOWN: { status: 404, message: 'there is no such degraded mode' },
  ADM_FOLLOW_UP_UNKNOWN: { status: 404, message: 'no follow-up is parked at this position' },
  ADM_ALERT_UNKNOWN: { status: 404, message: 'there is no alert at this position' },
  ADM_HOST_UNKNOWN: { status: 421, message: 'the Host header names somebody else' },
  ADM_LOOPBACK_ONLY: { status: 403, message: 'what changes anything is served on loopback only' },
  ADM_SETTINGS_INVALID: { status: 500, message: 'a setting of the admin API does not fit' },
  ADM_DATABASE_AWAY: { status: 503, message: 'the database does not answer now' },
  ADM_INTERNAL: { status: 500, message: 'the request could not be served; the log says why' },
} as const satisfies Record<string, { status: number; message: string }>;

export type AdminErrorCode = keyof typeof ADMIN_ERRORS;

/** A request that ends in an error body `{ code, message, details? }`. */
export class AdminError extends Error {
  readonly code: AdminErrorCode;
  readonly status: number;
  readonly details: Readonly<Record<string, string>>;

  constructor(code: AdminErrorCode, details: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(ADMIN_ERRORS[code].message, options);
    this.name = 'AdminError';
    this.code = code;
    this.status = ADMIN_ERRORS[code].status;
    this.details = details;
  }
}
