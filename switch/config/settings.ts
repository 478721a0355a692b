import { type Static, Type } from 'typebox';
import { AdmissionSettings } from './admission.ts';
import { NetworkAnswers } from './answers.ts';
import { AuditSettings } from './audit.ts';
import { ElementPolicies } from './elements.ts';
import { FallbackSettings } from './fallback.ts';
import { FraudSettings } from './fraud.ts';
import { ApiKeySettings, gatewaySettings } from './gateway.ts';
import { KeyLife } from './keys.ts';
import { OwnCopySettings } from './own-copy.ts';
import { RetryOverrides, RetryStrategy } from './retry.ts';
import { Region, SchemeRulesSettings } from './scheme-rules.ts';
import { MerchantStandIn, StandInSettings } from './stand-in.ts';
import { StrangerSettings } from './strangers.ts';
import { TakeBackSettings } from './take-backs.ts';
import { DukptSettings, PinBlockBytes, PinFormatSetting, SecurityControl } from './terminal-security.ts';

const Port = Type.Integer({
  minimum: 0,
  maximum: 65_535,
  description: 'a TCP port; 0 lets the system choose',
});
const Digits = (min: number, max: number) => Type.String({ pattern: `^[0-9]{${min},${max}}$` });
const Hour = Type.Integer({ minimum: 0, maximum: 23 });
const Milliseconds = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });

/** PEM files: this end's certificate with its intermediates, its key, and the authorities that may vouch for peers. */
const tlsFiles = {
  certFile: Type.String({ minLength: 1, maxLength: 4_096 }),
  keyFile: Type.String({ minLength: 1, maxLength: 4_096 }),
  caFile: Type.String({ minLength: 1, maxLength: 4_096 }),
};

/** Whom the holder of a client certificate may speak for. */
const ListenerClient = Type.Object(
  {
    /** The common name in its subject, or its SHA-256 fingerprint: 32 upper-case hex pairs, colons between them. */
    certificate: Type.String({ minLength: 1, maxLength: 128 }),
    terminals: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 8 }), { maxItems: 10_000 })),
    /** Acquirers whose DE32 it may give, on an acquirer's line. */
    acquirers: Type.Optional(Type.Array(Digits(1, 11), { maxItems: 1_000 })),
  },
  { additionalProperties: false },
);

const ListenerTls = Type.Object(
  {
    ...tlsFiles,
    requireClientCertificate: Type.Boolean(),
    /** Absent: who has a certificate of the authority may speak for everybody on the listener. */
    clients: Type.Optional(Type.Array(ListenerClient, { minItems: 1, maxItems: 10_000 })),
  },
  { additionalProperties: false },
);

/** Of the gateway: applications show keys, and certificates only where they are asked for. */
const GatewayTls = Type.Object(
  { ...tlsFiles, requireClientCertificate: Type.Boolean() },
  { additionalProperties: false },
);

const NetworkTls = Type.Object(
  {
    ...tlsFiles,
    /** The name that the network's certificate must carry, where that is not `host`. */
    serverName: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
  },
  { additionalProperties: false },
);

/** Of a service that is asked over HTTPS: whom it is known by, and who we are to it where it asks. */
const ServiceTls = Type.Object(
  {
    caFile: tlsFiles.caFile,
    certFile: Type.Optional(tlsFiles.certFile),
    keyFile: Type.Optional(tlsFiles.keyFile),
    /** The name that its certificate must carry, where that is not the host of the address. */
    serverName: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
  },
  { additionalProperties: false },
);

const ApprovalCode = Type.Union([
  Type.Literal('08'),
  Type.Literal('11'),
  Type.Literal('16'),
  Type.Literal('85'),
  Type.Literal('87'),
]);

const ListenerSettings = Type.Object({
  name: Type.String({ pattern: '^[a-z0-9-]{1,32}$' }),
  host: Type.String({ minLength: 1 }),
  port: Port,
  dialect: Type.Union([
    Type.Literal('iso87-ascii'),
    Type.Literal('iso87-ascii-hex'),
    Type.Literal('iso87-bcd'),
    Type.Literal('pos-bcd'),
  ]),
  /** How the elements are written, from a specification in a file; as `dialect` says where absent. */
  packager: Type.Optional(
    Type.Object({
      format: Type.Union([Type.Literal('jpos'), Type.Literal('moov'), Type.Literal('dialect')]),
      file: Type.String({ minLength: 1, maxLength: 4_096 }),
    }),
  ),
  /** Any that says where a message ends; one that only the end of the stream closes cannot be answered. */
  framing: Type.Union([
    Type.Literal('length-2'),
    Type.Literal('length-2-inclusive'),
    Type.Literal('length-2-bcd'),
    Type.Literal('length-2-tpdu'),
    Type.Literal('length-2-bcd-tpdu'),
    Type.Literal('length-4'),
    Type.Literal('length-4-inclusive'),
    Type.Literal('length-4-ascii'),
    Type.Literal('length-4-ascii-inclusive'),
    Type.Literal('length-4-ascii-etx'),
  ]),
  /** `required`: terminals seal their messages under their own key; `none`: an acquirer's trusted line. */
  mac: Type.Union([Type.Literal('required'), Type.Literal('none')]),
  /** DE32 towards the networks, where the message carries none. */
  acquirer: Digits(1, 11),
  /** An acquirer's terminals can ask the customer for the rest of a partly approved amount; absent: they cannot. */
  partialApproval: Type.Optional(Type.Boolean()),
  /** Which approvals beside 00 and 10 its terminals know (DE39); what they do not know leaves as 00. */
  approvalCodes: Type.Optional(Type.Array(ApprovalCode, { maxItems: 8 })),
  maxFrameBytes: Type.Integer({ minimum: 64, maximum: 65_535, default: 4_096 }),
  maxConnections: Type.Integer({ minimum: 1, maximum: 100_000, default: 5_000 }),
  maxInFlightPerConnection: Type.Integer({ minimum: 1, maximum: 10_000, default: 256 }),
  /** Payments of one terminal at work, over all its connections; 256 where absent. */
  maxInFlightPerTerminal: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  /** Connections made with one client certificate; 1,024 where absent. */
  maxConnectionsPerCertificate: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  /**
   * Load balancers whose PROXY protocol header (version 2) says who a peer is: addresses, or networks as 10.0.0.0/8.
   */
  proxyFrom: Type.Optional(
    Type.Array(Type.String({ minLength: 2, maxLength: 64 }), { minItems: 1, maxItems: 64 }),
  ),
  idleTimeoutMs: Milliseconds(1_000, 86_400_000),
  /** How long a frame may take to come in whole; 10 seconds where absent. */
  frameTimeoutMs: Type.Optional(Milliseconds(100, 600_000)),
  /** DE39 of a void whose batch is closed: 12 where absent. Some dialects know 25 only, and offer a refund then. */
  settledVoidCode: Type.Optional(Type.Union([Type.Literal('12'), Type.Literal('25')])),
  /** What a payment that cannot be served in time gets: an answer without a MAC, which is the default, or none. */
  whenOverloaded: Type.Optional(Type.Union([Type.Literal('refuse'), Type.Literal('silence')])),
  /** A request with neither DE7 nor DE12 and DE13: refused, which is the default, or taken at the switch's time. */
  withoutTime: Type.Optional(Type.Union([Type.Literal('refuse'), Type.Literal('accept')])),
  /** Of DE52, in every message here; 8 where absent. 16 is format 4. */
  pinBlockBytes: Type.Optional(PinBlockBytes),
  /** What DE53 is made of: sixteen digits, which is the default, or sixteen hexadecimal ones, a key serial number. */
  securityControl: Type.Optional(SecurityControl),
  /** What becomes of single elements that are not as the dialect says (docs/messages-of-terminals.md). */
  elements: Type.Optional(ElementPolicies),
  /** How far DE7 of what opens legs may lie from now, before or after; half a year, which is any, where absent. */
  freshnessMs: Type.Optional(Milliseconds(60_000, 15_552_000_000)),
  /**
   * How a refusal leaves whose request was not proven: without a MAC, which is the default; as an 0820, which nobody
   * can take for the answer; or not at all.
   */
  whenUnproven: Type.Optional(
    Type.Union([Type.Literal('unsealed'), Type.Literal('notice'), Type.Literal('silence')]),
  ),
  /** What a 0400 is answered that matches nothing: 00, which is the default, or 25. A 0420 is always accepted. */
  unmatchedReversal: Type.Optional(Type.Union([Type.Literal('accept'), Type.Literal('refuse')])),
  /** What DE4 of a reversal is: the whole amount, which is the default, or the part of it to take back. */
  reversalAmount: Type.Optional(Type.Union([Type.Literal('whole'), Type.Literal('part')])),
  /** Of the merchants of an acquirer's line that are not listed. */
  region: Type.Optional(Region),
  /** How an advice of no service is answered, which is kept in any case: 00, which is the default, or 12. */
  unservedAdvice: Type.Optional(Type.Union([Type.Literal('accept'), Type.Literal('refuse')])),
  /** Without it the listener speaks plain TCP. */
  tls: Type.Optional(ListenerTls),
});

const MerchantSettings = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 15 }),
  /** DE18; of an acquirer's merchant, where its message carries none. */
  category: Digits(4, 4),
  /** `off`: not enrolled with Étika, the network leg alone decides. */
  pop: Type.Union([Type.Literal('optional'), Type.Literal('required'), Type.Literal('off')]),
  /**
   * A sale whose batch is closed may still be voided, until its network's clearing cut-off; where that is not set, or
   * this, it is refunded instead.
   */
  voidAfterBatch: Type.Optional(Type.Boolean()),
  /** Merchants of one group give back what another of them sold. */
  refundGroup: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  /** Refunds that name no sale: asked of the network, which is the default, or refused. */
  unlinkedRefunds: Type.Optional(Type.Union([Type.Literal('accept'), Type.Literal('refuse')])),
  region: Type.Optional(Region),
  /** Whether a pre-authorisation asks for an estimate, which is the default, or for what will be taken. */
  authorisations: Type.Optional(Type.Union([Type.Literal('estimated'), Type.Literal('final')])),
  /** A completion after its hold's end: refused, which is the default, or taken at the merchant's risk. */
  lateCompletion: Type.Optional(Type.Union([Type.Literal('refuse'), Type.Literal('accept')])),
  /** Without it nothing is approved for this merchant while its network is unreachable. */
  standIn: Type.Optional(MerchantStandIn),
  /** What its applications show at the gateway. */
  apiKeys: Type.Optional(Type.Array(ApiKeySettings, { maxItems: 16 })),
  /** Where the merchant is told of payments that took another course, signed with the secret in the file. */
  webhook: Type.Optional(
    Type.Object({
      url: Type.String({ pattern: '^https?://', maxLength: 2_048 }),
      secretFile: Type.String({ minLength: 1, maxLength: 4_096 }),
    }),
  ),
});

const TerminalSettings = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 8 }),
  merchant: Type.String({ minLength: 1, maxLength: 15 }),
  /** Name of the terminal's PIN key in the HSM; only what has `dukpt` does without. */
  pinKey: Type.Optional(Type.String({ minLength: 1 })),
  /** Name of its MAC key. */
  macKey: Type.String({ minLength: 1 }),
  /** Of its PIN blocks; 0 where absent. 4 needs an AES key, and a listener with `pinBlockBytes` 16. */
  pinFormat: Type.Optional(PinFormatSetting),
  /** Its PINs are under keys that it derives; absent: under `pinKey`, or what it was given in the place of it. */
  dukpt: Type.Optional(DukptSettings),
  /** Name of the key under which the terminal is given new ones; without it, it keeps these for ever. */
  masterKey: Type.Optional(Type.String({ minLength: 1 })),
  /** Version of the key blocks it reads (X9.143): B under a triple DES master key, D under AES; B where absent. */
  keyBlock: Type.Optional(Type.Union([Type.Literal('B'), Type.Literal('D')])),
  /** The terminal can ask the customer for the rest of a partly approved amount. */
  partialApproval: Type.Boolean(),
  /** DE49 of what it sends without one, a numeric code of ISO 4217; absent: it must send it. */
  currency: Type.Optional(Digits(3, 3)),
  /** Of its MAC that it sends, from the left; after 4 bytes of a MAC it sends four of zeros. 8 where absent. */
  macBytes: Type.Optional(Type.Union([Type.Literal(4), Type.Literal(8)])),
  /** `local`: its DE7 is known not to be UTC, and says nothing about how old a message is. `utc` where absent. */
  clock: Type.Optional(Type.Union([Type.Literal('utc'), Type.Literal('local')])),
  /** Under which name the keys that it is given are recorded; its id where absent. */
  keyName: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
});

const RouteSettings = Type.Object({
  /** Inclusive range of leading digits; both ends have the same length. */
  from: Digits(1, 8),
  to: Digits(1, 8),
  network: Type.String({ minLength: 1 }),
});

const network = {
  name: Type.String({ pattern: '^[a-z0-9-]{1,32}$' }),
  host: Type.String({ minLength: 1 }),
  port: Port,
  zonePinKey: Type.String({ minLength: 1 }),
  /** Name of the key under which the network sends another zone PIN key; without it none is taken. */
  zoneMasterKey: Type.Optional(Type.String({ minLength: 1 })),
  /** What becomes of single elements that are not as the dialect says. */
  elements: Type.Optional(ElementPolicies),
  /** Without it the link speaks plain TCP. */
  tls: Type.Optional(NetworkTls),
  /** What its answers are like, where it is not as its profile says. */
  answers: Type.Optional(NetworkAnswers),
  /** The hour, in the node's time zone, at which what is settled goes into the network's clearing file. */
  clearingCutOffHour: Type.Optional(Hour),
  /** DE11 and DE7 of a second reversal of one payment: its own, which is the default, or the payment's. */
  reversalNumbers: Type.Optional(Type.Union([Type.Literal('own'), Type.Literal('original')])),
  /** The scheme's own rules, in the place of those that are built in. */
  rules: Type.Optional(SchemeRulesSettings),
  /** Where the worker's session goes, if not to `host` and `port`: a network may give each session an address. */
  workerAddress: Type.Optional(Type.Object({ host: Type.String({ minLength: 1 }), port: Port })),
};

const NetworkSettings = Type.Union([
  Type.Object({
    ...network,
    profile: Type.Literal('visa'),
    /** Station identifiers of the VisaNet header, six digits each. */
    sourceStation: Digits(6, 6),
    destinationStation: Digits(6, 6),
    /** Of the worker's session, where the network tells sessions apart by it. */
    workerStation: Type.Optional(Digits(6, 6)),
    /** How it hears of what was approved in an issuer's stead: by advice, which is the default, or asked after all. */
    standInIsTold: Type.Optional(Type.Union([Type.Literal('advice'), Type.Literal('deferred')])),
  }),
  Type.Object({
    ...network,
    profile: Type.Literal('mastercard'),
    /** DE33: by whom our messages are forwarded. */
    institution: Digits(6, 11),
  }),
  /** Plain ISO 8583:1987: ASCII, two-byte length, no header. */
  Type.Object({ ...network, profile: Type.Literal('iso87') }),
]);

export const SettingsSchema = Type.Object({
  node: Type.String({ pattern: '^[a-z0-9-]{1,32}$' }),
  databaseUrl: Type.String({ minLength: 1 }),
  /** A request is answered by then, whatever the legs do. */
  deadlineMs: Milliseconds(100, 60_000),
  /** Kept of the deadline for the second durable point and the reply. */
  replyMarginMs: Milliseconds(10, 10_000),
  status: Type.Object({ host: Type.String({ minLength: 1 }), port: Port }),
  hsm: Type.Object({
    socketPath: Type.String({ minLength: 1 }),
    /** More HSM processes with the same keys: requests go round, and one that dies loses at most those it had. */
    furtherSocketPaths: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: 15 })),
    requestTimeoutMs: Milliseconds(10, 10_000),
  }),
  journal: Type.Object({
    /** Entries that may wait to be written at once. */
    maxWaiting: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    appendDeadlineMs: Milliseconds(10, 10_000),
    /** How long a silent node keeps what it left open to itself. */
    leaseMs: Milliseconds(200, 600_000),
    /** How many days back a payment is found by its retrieval reference; 400 where absent. */
    keyHorizonDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_660 })),
    /** `required`: works with a database only whose commits wait for a standby; `any` where absent. */
    synchronousStandby: Type.Optional(Type.Union([Type.Literal('any'), Type.Literal('required')])),
    /** How often this node looks for what dead nodes left open. */
    takeOverEveryMs: Milliseconds(50, 600_000),
  }),
  /** What is taken back; what is built in holds where it is absent (switch/config/take-backs.ts). */
  takeBacks: Type.Optional(TakeBackSettings),
  maxInFlight: Type.Integer({ minimum: 1, maximum: 100_000 }),
  /** By how much clocks of nodes and database may disagree before it is an alarm; 2,000 where absent. */
  clockToleranceMs: Type.Optional(Milliseconds(10, 3_600_000)),
  /** How much is taken in at once; what is built in holds where it is absent. */
  admission: Type.Optional(AdmissionSettings),
  /** What an address is granted for peers that have proven nothing; what is built in holds where it is absent. */
  strangers: Type.Optional(StrangerSettings),
  listeners: Type.Array(ListenerSettings, { minItems: 1 }),
  merchants: Type.Array(MerchantSettings),
  terminals: Type.Array(TerminalSettings),
  routes: Type.Array(RouteSettings),
  networks: Type.Array(NetworkSettings),
  pop: Type.Object({
    url: Type.String({ pattern: '^https?://' }),
    /** Over `https:`; without it whom the machine trusts may vouch for the consensus. */
    tls: Type.Optional(ServiceTls),
    /** How long an accepted proof takes to become final, as a rule: it is not asked about before. */
    finalityMs: Milliseconds(10, 600_000),
  }),
  /** Where applications ask for payments over HTTP; absent: this node has no gateway. */
  gateway: Type.Optional(gatewaySettings(GatewayTls)),
  /** How keys are changed in service; what is built in holds where it is absent. */
  keyLife: Type.Optional(KeyLife),
  /** Heads of the journal's hash chain; what is built in holds where it is absent. */
  audit: Type.Optional(AuditSettings),
  /** What a node keeps of its own writes; what is built in holds where it is absent. */
  ownCopy: Type.Optional(OwnCopySettings),
  standIn: Type.Optional(StandInSettings),
  /** What is built in holds where it is absent. */
  fallback: Type.Optional(FallbackSettings),
  /** What looks like fraud, and what is done about it; absent: nobody looks. */
  fraud: Type.Optional(FraudSettings),
  /** Numeric codes and the digits of their minor units, in place of all of ISO 4217. */
  currencies: Type.Optional(Type.Record(Digits(3, 3), Type.Integer({ minimum: 0, maximum: 4 }))),
  /** Whose clocks a business day follows, summer time and all: an IANA name (Europe/Brussels); UTC where absent. */
  timeZone: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  /** The hour of that zone at which a business day begins; 0 where absent. */
  cutOverHour: Type.Optional(Hour),
  /** How follow-ups are tried again, and where a task differs from the others. */
  followUps: Type.Object({
    /** Of one lane that run at once. */
    concurrency: Type.Integer({ minimum: 1, maximum: 1_000 }),
    attemptTimeoutMs: Milliseconds(100, 60_000),
    ...RetryStrategy.properties,
    strategies: Type.Optional(
      Type.Object(
        {
          'reverse-network': Type.Optional(RetryOverrides),
          'advise-network': Type.Optional(RetryOverrides),
          'close-increment': Type.Optional(RetryOverrides),
          'watch-hold': Type.Optional(RetryOverrides),
          'complete-pop': Type.Optional(RetryOverrides),
          'cancel-pop': Type.Optional(RetryOverrides),
          notify: Type.Optional(RetryOverrides),
          'raise-alert': Type.Optional(RetryOverrides),
          'look-again': Type.Optional(RetryOverrides),
        },
        { additionalProperties: false },
      ),
    ),
  }),
});

export type Settings = Static<typeof SettingsSchema>;
export type GatewaySettings = NonNullable<Settings['gateway']>;
export type ListenerTls = Static<typeof ListenerTls>;
export type NetworkTls = Static<typeof NetworkTls>;
export type ServiceTls = Static<typeof ServiceTls>;
export type ListenerSettings = Static<typeof ListenerSettings>;
export type MerchantSettings = Static<typeof MerchantSettings>;
export type TerminalSettings = Static<typeof TerminalSettings>;
export type NetworkSettings = Static<typeof NetworkSettings>;
