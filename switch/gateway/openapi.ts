import type { FastifySchema } from 'fastify';
import { VERSION } from '../../runtime/index.ts';
import type { RouteRights } from './route-parts.ts';
import {
  CaptureOrder,
  CardOrder,
  CardTokenEnvelope,
  DeliveryListEnvelope,
  PaymentEnvelope,
  PaymentListEnvelope,
  PaymentOrder,
  ProblemBody,
  RefundOrder,
  SessionEnvelope,
  SessionOrder,
} from './schemas.ts';

/**
 * The gateway's OpenAPI 3.1 document, made of the routes as they are served: what is checked is what is described. A
 * generator of our own is a page; the usual plug-in brings its own idea of every schema, and needs to be told of 3.1's.
 */
export interface DescribedRoute {
  readonly method: string;
  /** As Fastify writes it: /payments/:id. */
  readonly url: string;
  readonly schema: FastifySchema;
  readonly rights: RouteRights;
}

type Json = Readonly<Record<string, unknown>>;

/** What has a name of its own, for who generates types. */
const NAMED: Readonly<Record<string, object>> = {
  CaptureOrder,
  CardOrder,
  CardToken: CardTokenEnvelope,
  DeliveryList: DeliveryListEnvelope,
  Payment: PaymentEnvelope,
  PaymentList: PaymentListEnvelope,
  PaymentOrder,
  Problem: ProblemBody,
  RefundOrder,
  Session: SessionEnvelope,
  SessionOrder,
};

const MEANING: Readonly<Record<string, string>> = {
  '200': 'what is known now',
  '201': 'made',
  '202': 'not decided yet: ask by GET',
  '204': 'done',
  '4xx': 'refused, or made and failed',
  '5xx': 'not served now, or no answer of the network',
};
const IDEMPOTENCY_KEY: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  description: 'names the request for 24 hours: the same key again gets the same answer',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
};

export function openApiOf(routes: readonly DescribedRoute[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  const sorted = [...routes].sort((a, b) => (a.url + a.method < b.url + b.method ? -1 : 1));
  for (const route of sorted) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Étika platform gateway',
      version: VERSION,
      description: 'Payments for applications. docs/gateway.md takes you from a key to a first payment.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(NAMED).map(([name, schema]) => [name, plain(schema)])),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
  };
}

function operationOf({ schema, rights }: DescribedRoute): Json {
  const { permission, operationId, summary, isIdempotent = false, isStream = false } = rights;
  const parameters = [
    ...parametersIn('path', schema.params),
    ...parametersIn('query', schema.querystring),
    ...(isIdempotent ? [IDEMPOTENCY_KEY] : []),
  ];
  return {
    operationId,
    summary,
    description: `Needs the permission \`${permission}\`.`,
    ...(parameters.length > 0 && { parameters }),
    ...(schema.body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: named(schema.body) } } },
    }),
    responses: responsesOf(
      (schema.response ?? {}) as Json,
      isStream ? 'text/event-stream' : 'application/json',
    ),
  };
}

interface Shape {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

function parametersIn(place: 'path' | 'query', schema: unknown): Json[] {
  const { properties = {}, required = [] } = (schema ?? {}) as Shape;
  return Object.entries(properties).map(([name, shape]) => {
    const isRequired = place === 'path' || required.includes(name);
    return { name, in: place, required: isRequired, schema: plain(shape) };
  });
}

function responsesOf(response: Json, usual: string): Json {
  const described = Object.entries(response).map(([status, schema]) => {
    const isProblem = status.endsWith('xx');
    const type = isProblem ? 'application/problem+json' : usual;
    const content = isEmpty(schema) ? {} : { content: { [type]: { schema: named(schema) } } };
    return [status.toUpperCase(), { description: MEANING[status] ?? '', ...content }];
  });
  return Object.fromEntries(described);
}

/** What says nothing of a body: there is none. */
function isEmpty(schema: unknown): boolean {
  return (schema as { type?: string }).type === 'null';
}

function named(schema: unknown): unknown {
  const name = Object.entries(NAMED).find(([, each]) => each === schema)?.[0];
  return name === undefined ? plain(schema) : { $ref: `#/components/schemas/${name}` };
}

/** Without what the schema library keeps beside the schema. */
function plain(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema));
}
