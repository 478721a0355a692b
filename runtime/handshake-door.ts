import type { Socket } from 'node:net';
import { type Handshake, hostIn } from './begun-handshakes.ts';
import { type WaitingSocket, watchWaiting } from './waiting-socket.ts';

export const TOO_MANY = 'TOO_MANY_HANDSHAKES';

/** Decides when a handshake may begin: each costs a signature, whoever asks for it. */
export interface HandshakeDoor {
  /**
   * @param host the peer's address
   * @param begin called once its turn has come; `giveUp` instead where it does not come
   * @returns to be called when the peer has gone: its turn is another's then
   */
  ask(host: string, begin: (handshake: Handshake) => void, giveUp: () => void): () => void;
}

export interface Queued {
  readonly socket: Socket;
  readonly peer: string;
  readonly waiting: Set<Socket>;
  begin(socket: Socket, peer: string, handshake: Handshake): void;
  refuse(reason: string): void;
}

/** Asks for a turn; where it does not come at once the connection waits, and leaves the line when its peer has gone. */
export function queueAt(door: HandshakeDoor, { socket, peer, waiting, begin, refuse }: Queued): void {
  let watched: WaitingSocket | undefined;
  let hasTurn = false;
  const over = () => {
    hasTurn = true;
    waiting.delete(socket);
    watched?.handBack();
  };
  const leave = door.ask(
    hostIn(peer),
    (handshake) => {
      over();
      begin(socket, peer, handshake);
    },
    () => {
      over();
      refuse(TOO_MANY);
    },
  );
  if (hasTurn) return;

  waiting.add(socket);
  watched = watchWaiting(socket, () => {
    waiting.delete(socket);
    leave();
  });
}
