import { createServer } from 'node:net';
import { DeployError } from '../errors.ts';

export interface WantedPort {
  readonly host: string;
  readonly port: number;
  /** Who will listen there, and which setting chooses another. */
  readonly use: string;
  readonly setting: string;
}

/**
 * Sees that every port can be bound before anything is started, so that a taken one is named at once.
 * @throws {DeployError} DEP_PORT_TAKEN
 */
export async function checkPortsAreFree(wanted: readonly WantedPort[]): Promise<void> {
  for (const { host, port, use, setting } of wanted) {
    if (port !== 0 && !(await isFree(host, port))) {
      throw new DeployError('DEP_PORT_TAKEN', { port, use, setting });
    }
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
