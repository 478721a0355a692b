import type { Progress } from './progress.ts';
import type { System } from './system.ts';

/** Says where everything listens, and what to try next. */
export function describeSystem(
  { ports, gatewayUrl, adminUrl, visa, iso87, pop, statusUrl, workerStatusUrl }: System,
  { say }: Progress,
): void {
  say(`
Listening:
  terminals     0.0.0.0:${ports.iso87}    iso87-ascii, 2-byte length, MAC required
  terminals     0.0.0.0:${ports.pos}    pos-bcd, 2-byte length and TPDU, MAC required
  terminals     0.0.0.0:${ports.tls}    iso87-ascii, 2-byte length, MAC required, mutual TLS
  acquirer      127.0.0.1:${ports.acquirer}  iso87-ascii-hex, 4 ASCII length digits, no MAC
  gateway       ${gatewayUrl}/docs, /openapi.json, /api/v1/payments
  admin API     ${adminUrl}/health, /ready, /api/v1/transactions/{id}
  node status   ${statusUrl}
  worker status ${workerStatusUrl}
  Visa network  ${visa.host}:${visa.port}, control ${visa.controlUrl}
  second network ${iso87.host}:${iso87.port}, control ${iso87.controlUrl}
  PoP           ${pop.apiUrl}, control ${pop.controlUrl}

Try, in another shell:
  npx etika-switch terminal --help
  npx etika-switch network ledger
  curl -s ${adminUrl}/ready

Ctrl-C stops everything.`);
}
