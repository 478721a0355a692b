import type { Socket } from 'node:net';

/** What a TLS client can have to say before it was answered; nobody honest sends more. */
const MOST_BYTES = 16_384;

export interface WaitingSocket {
  /** The wait is over: what was read meanwhile stands in front of what comes, as if nobody had read it. */
  handBack(): void;
}

/**
 * Watches over a connection that waits for its turn. It is read meanwhile, a little, since a socket that nobody reads
 * from never tells that its peer has hung up behind what it had sent. `gone` is told of that, and of a peer that talks
 * without having been asked; the socket is closed by then.
 */
export function watchWaiting(socket: Socket, gone: () => void): WaitingSocket {
  const heard: Buffer[] = [];
  let bytes = 0;
  const ignore = () => {};
  const stop = () => {
    socket.off('readable', read);
    socket.off('end', leave);
    socket.off('close', leave);
  };
  const leave = () => {
    stop();
    socket.destroy();
    gone();
  };
  const read = () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
      heard.push(chunk);
      bytes += chunk.length;
    }
    if (bytes > MOST_BYTES) leave();
  };

  socket.on('error', ignore);
  socket.on('readable', read);
  socket.on('end', leave);
  socket.on('close', leave);
  return {
    handBack() {
      stop();
      socket.off('error', ignore);
      if (bytes > 0) socket.unshift(Buffer.concat(heard));
    },
  };
}
