import { createDirectory, type Directory } from './directory.ts';
import type { Settings } from './settings.ts';

/** A directory whose contents change while the switch runs: each look-up sees one version as a whole. */
export interface FollowedDirectory extends Directory {
  follow(settings: Settings): void;
}

export function followedDirectory(first: Settings): FollowedDirectory {
  let current = createDirectory(first);
  return {
    terminal: (id, merchant) => current.terminal(id, merchant),
    merchant: (id) => current.merchant(id),
    linesOf: (listener) => current.linesOf(listener),
    isAcquirersLine: (line) => current.isAcquirersLine(line),
    refundPartners: (id) => current.refundPartners(id),
    networkFor: (pan) => current.networkFor(pan),
    apiKey: (sha256) => current.apiKey(sha256),
    clearingCutOffHour: (network) => current.clearingCutOffHour(network),
    follow(settings) {
      current = createDirectory(settings);
    },
  };
}
