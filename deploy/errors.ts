/** Every reason for which a start stops: code → message template. Each has a section in docs/deployment.md. */
const templates = {
  DEP_NOT_FOR_PRODUCTION:
    'npm start runs simulators and published keys; in production each role is started by itself',
  DEP_CONFIG_FILE: 'configuration file {file}: {reason}',
  DEP_CONFIG_VALUE: 'configuration: {faults}',
  DEP_PORT_TAKEN: 'port {port} ({use}) is taken by another program; free it or set {setting}',
  DEP_SERVICE_FAILED: '{service} did not start: {reason}; its log is {log}',
  DEP_PURCHASE_FAILED: 'the first purchase did not go through: {reason}',
} as const;

export type DeployErrorCode = keyof typeof templates;

/** A start that stops; `details` never carry a value from the configuration, which may be a secret. */
export class DeployError extends Error {
  readonly code: DeployErrorCode;

  constructor(code: DeployErrorCode, details: Readonly<Record<string, string | number>>, cause?: unknown) {
    const message = templates[code].replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? '?'));
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DeployError';
    this.code = code;
  }
}
