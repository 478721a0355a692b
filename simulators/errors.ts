/** Every error of this room: code → message template. Each has a section in docs/simulators.md. */
export const simulatorErrors = {
  SIM_SETTING_INVALID: 'setting {setting}: expected {expected}',
  SIM_LEDGER_CORRUPT: 'ledger {file}: line {line} is not a ledger row',
  SIM_LEDGER_BEHIND: 'ledger {file}: more than {limit} bytes wait to be written',
  SIM_LEDGER_CLOSED: 'ledger {file} is closed',
  SIM_KEY_UNREADABLE: 'reference key {file}: expected {expected} bytes',
  SIM_HTTP_BODY_TOO_LARGE: 'request body exceeds {limit} bytes',
  SIM_HTTP_BODY_INVALID: 'request body: {path} {reason}',
  SIM_HTTP_NOT_JSON: 'request body is not JSON sent as application/json',
  SIM_HTTP_NOT_FOUND: 'no resource at {method} {path}',
  SIM_HTTP_FAILED: 'the service failed to answer',
  SIM_HTTP_QUERY_INVALID: 'query parameter {parameter}: expected {expected}',
  SIM_SCENARIOS_FULL: 'more than {limit} scenario rules',
  SIM_CONTROL_REFUSED: '{method} {path} answered {status}: {reason}',
  SIM_POP_KEY_MISSING: 'header Idempotency-Key: expected 1 to 255 visible characters',
  SIM_POP_KEY_REUSED: 'the Idempotency-Key was used before with another body',
  SIM_POP_TRANSACTION_TAKEN: 'the transaction already has a validation',
  SIM_POP_PARTIES: 'consumer, merchant and suppliers must all differ',
  SIM_POP_NOT_FOUND: 'no such validation',
  SIM_POP_FINAL: 'the validation is {status} and cannot be cancelled',
  SIM_POP_INJECTED: 'failure asked for by a scenario',
  SIM_KEY_BLOCK: 'key block: {reason}',
  SIM_TERMINAL_OPTION: 'option {option}: expected {expected}',
  SIM_TERMINAL_SAMPLE: 'sample {file}: {reason}',
  SIM_TERMINAL_UNREACHABLE: 'no connection to {peer}: {reason}',
  SIM_TERMINAL_CLOSED: '{peer} closed the connection before it answered',
  SIM_TERMINAL_NO_ANSWER: '{peer} did not answer within {limit} ms',
  SIM_TERMINAL_REVERSAL_PENDING: 'an earlier outcome is uncertain and its reversal not acknowledged',
  SIM_TERMINAL_BATCH_FULL: 'a batch has at most {limit} sales and as many refunds: settle first',
  SIM_TERMINAL_ORIGINAL: 'terminal {terminal}: its records have no {wanted}',
  SIM_TERMINAL_BUSY: 'terminal {terminal} already waits for STAN {stan}',
} as const;

export type SimulatorErrorCode = keyof typeof simulatorErrors;
type Details = Readonly<Record<string, string | number>>;

/** An error with a stable code; `details` never carry a PAN, PIN, PIN block or key. */
export class SimulatorError extends Error {
  readonly code: SimulatorErrorCode;
  readonly details: Details;

  constructor(code: SimulatorErrorCode, details: Details = {}, cause?: unknown) {
    super(
      simulatorErrors[code].replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? '?')),
      cause === undefined ? undefined : { cause },
    );
    this.name = 'SimulatorError';
    this.code = code;
    this.details = details;
  }
}
