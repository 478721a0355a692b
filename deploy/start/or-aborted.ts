/**
 * What `work` comes to, or the abort of `signal`, whichever is first: whoever pressed Ctrl-C waits for no step to end.
 * What goes on behind an abort ends by itself, as what it works with is stopped; it is not heard any more.
 * @throws what `work` throws, or the reason of the abort
 */
export async function orAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([work(), aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
