export type { CertificateFacts } from './certificate.ts';
export { daysLeft } from './certificate.ts';
export type { DevelopmentCertificates } from './development.ts';
export { developmentCertificates, ensureDevelopmentCertificates } from './development.ts';
export type { CertError, CertErrorCode } from './errors.ts';
export type { Inventory, InventoryEntry } from './inventory.ts';
export { inventory } from './inventory.ts';
export type { ClientTlsFiles, ClientTlsMaterial, ReadTlsMaterial, TlsFiles } from './tls-material.ts';
export { readClientTlsMaterial, readTlsMaterial } from './tls-material.ts';
