import { type Static, Type } from 'typebox';

/** `env` names the environment variable that beats the file. */
const port = (fallback: number, env: string) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: fallback, env });

const milliseconds = (fallback: number, minimum: number, maximum: number, env: string) =>
  Type.Integer({ minimum, maximum, default: fallback, env });

const group = { additionalProperties: false, default: {} };

/**
 * What `npm start` lets a machine choose, by `etika-switch.config.json` and the environment. Port 0 lets the system
 * choose a free one.
 */
export const StartConfig = Type.Object(
  {
    /** Database, token, ledgers and logs; relative to the working directory. */
    dataDir: Type.String({ minLength: 1, maxLength: 4_096, default: '.data', env: 'DATA_DIR' }),
    /** A PostgreSQL to use instead of the embedded one. */
    databaseUrl: Type.Optional(Type.String({ pattern: '^postgres(ql)?://', env: 'DATABASE_URL' })),
    /** Where the development merchant is told of its payments, signed with its published secret. */
    merchantWebhookUrl: Type.Optional(
      Type.String({ pattern: '^https?://', maxLength: 2_048, env: 'MERCHANT_WEBHOOK_URL' }),
    ),
    /** A request is answered by then, whatever the legs do. */
    deadlineMs: milliseconds(2_000, 200, 60_000, 'SWITCH_DEADLINE_MS'),
    ports: Type.Object(
      {
        iso87: port(8_583, 'SWITCH_PORT_ISO87'),
        pos: port(8_584, 'SWITCH_PORT_POS'),
        status: port(8_585, 'SWITCH_PORT_STATUS'),
        acquirer: port(8_586, 'SWITCH_PORT_ACQUIRER'),
        tls: port(8_587, 'SWITCH_PORT_TLS'),
        gateway: port(8_090, 'GATEWAY_PORT'),
        admin: port(8_080, 'ADMIN_PORT'),
      },
      group,
    ),
    simulators: Type.Object(
      {
        visa: port(9_583, 'VISA_SIM_PORT'),
        visaControl: port(9_584, 'VISA_SIM_CONTROL_PORT'),
        iso87: port(9_587, 'ISO87_SIM_PORT'),
        iso87Control: port(9_588, 'ISO87_SIM_CONTROL_PORT'),
        pop: port(3_001, 'POP_SIM_PORT'),
        popControl: port(3_101, 'POP_SIM_CONTROL_PORT'),
        popBlockMs: milliseconds(6_000, 10, 600_000, 'POP_SIM_BLOCK_MS'),
      },
      group,
    ),
  },
  group,
);
export type StartConfig = Static<typeof StartConfig>;
