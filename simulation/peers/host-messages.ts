import type { Iso87Message } from '../../simulators/iso87/dialect.ts';
import type { HostMessage } from '../../simulators/network/host-dialect.ts';
import type { Fortune } from './fortune.ts';
import { APPROVED, PARTLY_APPROVED } from './issuer.ts';
import type { NetworkRequest } from './network-ledger.ts';

// How a simulated network reads its messages, and what it spoils in its answers.

export type NetworkMessage = HostMessage & Pick<Iso87Message, 'de12' | 'de13'>;

/** The numbers of the one, and of the other what was decided, of which card and amount. */
export function withContentOf<M extends HostMessage>(reply: M, other: M): M {
  const { de2, de4, de38, de39, de49, de54 } = other;
  return { ...reply, de2, de4, de38, de39, de49, de54 };
}

export function nameCard(pan: string) {
  return { masked: '', reference: pan };
}

/** A simulated network is never given less than it needs: what it cannot understand is a defect of the connector. */
export function understood<T>(found: T | { missing: string }): Exclude<T, { missing: string }> {
  if (typeof found === 'object' && found !== null && 'missing' in found) {
    throw new Error(`the switch sent a message without ${found.missing}`);
  }
  return found as Exclude<T, { missing: string }>;
}

export function requestOf(message: NetworkMessage): NetworkRequest {
  const { de2, de4, de7 = '', de11 = '', de37 = '', de38, de41 = '', de42 = '', de49 = '' } = message;
  const { de12: localTime = '', de13: localDate = '' } = message;
  return {
    terminal: de41.trimEnd(),
    rrn: de37,
    stan: de11,
    time: de7,
    localDate,
    localTime,
    pan: de2?.reveal() ?? '',
    amount: Number(de4),
    currency: de49,
    merchant: de42.trimEnd(),
    ...(de38 !== undefined && { approvalCode: de38 }),
  };
}

export function spoilt<M extends HostMessage>(reply: M, spoils: Fortune['spoils']): M {
  if (spoils === 'stan') return { ...reply, de11: nextNumber(reply.de11 ?? '') };
  if (spoils === 'rrn') return { ...reply, de37: nextNumber(reply.de37 ?? '') };
  return reply;
}

export function isApprovalCode(code: string | undefined): boolean {
  return code === APPROVED || code === PARTLY_APPROVED;
}

export function isRequestAnswer({ mti }: HostMessage): boolean {
  return mti === '0110' || mti === '0210';
}

function nextNumber(digits: string): string {
  return String((Number(digits) % (10 ** digits.length - 1)) + 1).padStart(digits.length, '0');
}
