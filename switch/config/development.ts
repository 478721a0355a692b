import type { ListenerSettings, Settings, TerminalSettings } from './settings.ts';

const LIMITS = {
  maxFrameBytes: 4_096,
  maxConnections: 5_000,
  maxInFlightPerConnection: 256,
  idleTimeoutMs: 600_000,
};

const DEVELOPMENT_MERCHANT = 'MERCHANT0000001';

/**
 * The switch that `npm start` runs: three listeners, ten terminals of one merchant, one network with Visa's
 * profile. Only what the machine decides (database, sockets, addresses of the counterparts) is missing.
 */
export function developmentSettings(machine: {
  databaseUrl: string;
  hsmSocketPath: string;
  visa: { host: string; port: number };
  /** A second network, for cards that begin with 5. */
  iso87?: { host: string; port: number };
  popUrl: string;
}): Settings {
  return {
    node: 'node-1',
    databaseUrl: machine.databaseUrl,
    deadlineMs: 2_000,
    replyMarginMs: 250,
    status: { host: '127.0.0.1', port: 8_585 },
    hsm: { socketPath: machine.hsmSocketPath, requestTimeoutMs: 500 },
    journal: { maxWaiting: 16_384, appendDeadlineMs: 800, leaseMs: 10_000, takeOverEveryMs: 3_000 },
    maxInFlight: 4_096,
    listeners: developmentListeners(),
    merchants: [{ id: DEVELOPMENT_MERCHANT, category: '5411', pop: 'optional' }],
    terminals: Array.from({ length: 10 }, (_, index) => developmentTerminal(index + 1)),
    routes: [
      { from: '4', to: '4', network: 'visa' },
      ...(machine.iso87 ? [{ from: '5', to: '5', network: 'iso87' }] : []),
    ],
    networks: [
      {
        name: 'visa',
        profile: 'visa',
        ...machine.visa,
        zonePinKey: 'ZPK/VISA',
        zoneMasterKey: 'ZMK/VISA',
        sourceStation: '123456',
        destinationStation: '000000',
      },
      ...(machine.iso87
        ? [
            {
              name: 'iso87',
              profile: 'iso87' as const,
              ...machine.iso87,
              zonePinKey: 'ZPK/ISO87',
              zoneMasterKey: 'ZMK/ISO87',
            },
          ]
        : []),
    ],
    pop: { url: machine.popUrl, finalityMs: 6_000 },
    followUps: {
      concurrency: 32,
      attemptTimeoutMs: 5_000,
      firstDelayMs: 500,
      maxDelayMs: 60_000,
      maxAttempts: 10_000,
      retryableCodes: ['19', '91', '92', '96'],
      // A merchant is told for a day: 1,440 minutes, after a dozen attempts that come sooner.
      strategies: { notify: { maxAttempts: 1_452 } },
    },
  };
}

function developmentListeners(): ListenerSettings[] {
  return [
    {
      name: 'terminals-ascii',
      host: '0.0.0.0',
      port: 8_583,
      dialect: 'iso87-ascii',
      framing: 'length-2',
      mac: 'required',
      acquirer: '123456',
      ...LIMITS,
    },
    {
      name: 'terminals-bcd',
      host: '0.0.0.0',
      port: 8_584,
      dialect: 'pos-bcd',
      framing: 'length-2-tpdu',
      mac: 'required',
      acquirer: '123456',
      withoutTime: 'accept',
      ...LIMITS,
    },
    {
      name: 'acquirer-hex',
      host: '127.0.0.1',
      port: 8_586,
      dialect: 'iso87-ascii-hex',
      framing: 'length-4-ascii',
      mac: 'none',
      acquirer: '654321',
      partialApproval: true,
      ...LIMITS,
    },
  ];
}

function developmentTerminal(index: number): TerminalSettings {
  const id = `TERM${String(index).padStart(4, '0')}`;
  return {
    id,
    merchant: DEVELOPMENT_MERCHANT,
    pinKey: `TPK/${id}`,
    macKey: `TAK/${id}`,
    masterKey: `TMK/${id}`,
    partialApproval: true,
    currency: '978',
  };
}
