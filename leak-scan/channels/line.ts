/** A connection of a terminal or acquirer: sends what it is told, whole or torn, and keeps all that comes back. */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';

export interface TlsOf {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface Dialled {
  readonly port: number;
  readonly tls?: TlsOf | undefined;
}

/** As long as a request may take, and the moment in which a reply that is late would still come. */
const QUIET_MS = 3_000;
const CONNECT_WITHIN_MS = 5_000;

/** @returns what came back until the first whole answer could be there, or until the other side hung up */
export async function converse({ port, tls }: Dialled, bytes: Buffer, isPatient: boolean): Promise<Buffer> {
  const socket = await dial(port, tls);
  const came: Buffer[] = [];
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(patience);
      socket.destroy();
      resolve(Buffer.concat(came));
    };
    const patience = setTimeout(end, isPatient ? QUIET_MS : QUIET_MS / 10);
    socket.on('data', (chunk: Buffer) => {
      came.push(chunk);
      end();
    });
    socket.on('close', end);
    socket.on('error', end);
    socket.write(bytes);
  });
}

function dial(port: number, tls: TlsOf | undefined): Promise<Socket> {
  const to = { host: '127.0.0.1', port };
  const socket = tls ? connectSecurely({ ...to, ...tls, servername: 'localhost' }) : connect(to);
  return new Promise((resolve, reject) => {
    socket.setTimeout(CONNECT_WITHIN_MS, () => socket.destroy(new Error(`port ${port} does not answer`)));
    socket.once('error', reject);
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      socket.off('error', reject);
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

export function tlsFrom(files: { caFile: string; certFile: string; keyFile: string }): TlsOf {
  const read = (file: string) => readFileSync(file, 'utf8');
  return { ca: read(files.caFile), cert: read(files.certFile), key: read(files.keyFile) };
}
