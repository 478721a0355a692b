import type { TlsMaterial } from '../runtime/index.ts';
import { type CertificateOrder, type Issued, issue, type Purpose } from './issue.ts';

const DAY_MS = 86_400_000;

const LOCAL: Purpose = {
  role: 'server',
  dnsNames: ['localhost'],
  ipAddresses: ['127.0.0.1'],
};

type Wish = Partial<Pick<CertificateOrder, 'commonName' | 'now' | 'days'>>;

/** An authority of one test, and what it signs. */
export interface TestAuthority {
  /** PEM. */
  readonly cert: string;
  server(purpose?: Omit<Extract<Purpose, { role: 'server' }>, 'role'>, wish?: Wish): TlsMaterial;
  client(wish?: Wish): TlsMaterial;
}

export function testAuthority(commonName = 'test authority', wish: Wish = {}): TestAuthority {
  const now = Date.now();
  const issuer = issue({ commonName, purpose: { role: 'authority' }, now, days: 1, ...wish });
  const material = ({ cert, key }: Issued): TlsMaterial => ({ ca: issuer.cert, cert, key });
  return {
    cert: issuer.cert,
    server: (names, wish) =>
      material(
        issue({
          commonName: 'server',
          now,
          days: 1,
          issuer,
          purpose: names ? { role: 'server', ...names } : LOCAL,
          ...wish,
        }),
      ),
    client: (wish) =>
      material(issue({ commonName: 'client', purpose: { role: 'client' }, now, days: 1, issuer, ...wish })),
  };
}

/** What an order needs to have expired an hour ago. */
export function expired(): Wish {
  return { now: Date.now() - DAY_MS - 3_600_000, days: 1 };
}
