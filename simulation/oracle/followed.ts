import type { Simulation } from '../simulation.ts';

/** I2: in the end every node and every worker follows the version of the settings that is in force. */
export function checkFollowed({ world, nodes, workers, versions }: Simulation): void {
  if (!versions) return;
  for (const { name, isUp } of [...nodes, ...workers]) {
    const version = versions.followed.get(name);
    if (!isUp || version === versions.latest) continue;
    world.violate('I2 closure', `${name} follows settings ${version}, ${versions.latest} are in force`);
  }
}
