import type { SourceMutant } from './source-mutant.ts';

/** What keeps payments flowing while settings change. */
export const OF_SETTINGS: readonly SourceMutant[] = [
  {
    name: 'link-asked-before-its-sign-on',
    removes: "the wait for a new link's sign-on before it takes over",
    file: 'switch/node/followed-network.ts',
    find: 'const isOver = leftMs <= 0 ||',
    put: 'const isOver = leftMs > 0 ||',
  },
  {
    name: 'link-let-go-at-once',
    removes: 'the time that a link which was replaced has for what it was asked',
    file: 'switch/node/followed-network.ts',
    find: 'clock.after(isOn ? LINGER_MS : 0, () => void this.#let(before));',
    put: 'void before.close();',
  },
  {
    name: 'settings-looked-at-once',
    removes: 'the next look at the settings in force',
    file: 'switch/settings-store/settings-follower.ts',
    find: 'this.#look().then(() => this.#lookLater());',
    put: 'this.#look();',
  },
  {
    name: 'settings-that-fit-nobody',
    removes: 'the check of a version of the settings: whatever is applied is followed',
    file: 'switch/settings-store/settings-follower.ts',
    find: '  if (problems.length > 0) throw new SettingsError(source, problems);\n',
    put: '  if (problems.length > 0) return own;\n',
  },
];
