import type { ModuleInfo, TokenInfo } from 'pkcs11js';

/**
 * Whether a token is a program in our address space, by what module and token say of themselves: a file has any name,
 * and a link to it another.
 */
const OF_PROGRAMS = /softhsm|nss\b|mozilla|softokn|opencryptoki|tpm2?[ -]?pkcs|kryoptic|p11-kit|meta pkcs11/i;
/** The soft token of openCryptoki: IBM as well makes hardware. */
const SOFT_MODEL = /^soft\b/i;

export function isSoftware(module: Partial<ModuleInfo>, token: Partial<TokenInfo>): boolean {
  const { model = '' } = token;
  const said = [module.manufacturerID, module.libraryDescription, token.manufacturerID, model].join(' ');
  return OF_PROGRAMS.test(said) || SOFT_MODEL.test(model.trim());
}
