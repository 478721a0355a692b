import { hash } from 'node:crypto';

// The OpenAPI document as a page to read: one static HTML text without a script, so that its content policy forbids
// all of them. A page that tries requests out was rejected for here: whoever types a key into it would leave it there.

const STYLE =
  'body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}' +
  'code,pre{font:14px/1.4 monospace;background:#f2f2f2}code{padding:0 .2em}pre{padding:1rem;overflow:auto}' +
  'summary{cursor:pointer;padding:.25rem 0}';

/** Nothing is loaded, run or framed; the one style is known by its hash. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash('sha256', STYLE, 'base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: unknown;
  readonly requestBody?: unknown;
  readonly responses?: Readonly<Record<string, { readonly description?: string }>>;
}

export function referencePage(document: object): string {
  const { info, paths, components } = document as {
    components: { schemas: Readonly<Record<string, unknown>> };
    info: { title: string; version: string; description: string };
    paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(path, method, operation)),
  );
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${text(info.title)}</title><style>${STYLE}</style></head><body><main>`,
    `<h1>${text(info.title)} ${text(info.version)}</h1><p>${text(info.description)}</p>`,
    '<p>For machines: <a href="/openapi.json">/openapi.json</a>.</p>',
    ...operations,
    '<section><h2>Bodies</h2>',
    ...Object.entries(components.schemas).map(([name, schema]) => details(name, schema)),
    '</section>',
    '</main></body></html>',
  ].join('\n');
}

function section(path: string, method: string, operation: Operation): string {
  const { summary = '', description = '', parameters, requestBody, responses = {} } = operation;
  return [
    `<section><h2><code>${method.toUpperCase()} ${text(path)}</code></h2>`,
    `<p>${text(summary)}. ${text(description)}</p>`,
    details('parameters', parameters),
    details('body', requestBody),
    ...Object.entries(responses).map(([status, each]) =>
      details(`${status}: ${each.description ?? ''}`, each),
    ),
    '</section>',
  ].join('\n');
}

function details(title: string, value: unknown): string {
  if (value === undefined) return '';
  const shown = JSON.stringify(value, null, 2);
  return `<details><summary>${text(title)}</summary><pre>${text(shown)}</pre></details>`;
}

function text(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
