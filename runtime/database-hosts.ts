/** The hosts of a connection string, of which there may be several; a folder is a Unix socket. */
export function hostsOf(databaseUrl: string): string[] | undefined {
  const [, authority = ''] = /^postgres(?:ql)?:\/\/([^/?]*)/.exec(databaseUrl) ?? [];
  if (!/^postgres(ql)?:\/\//.test(databaseUrl)) return undefined;
  const socket = /[?&]host=([^&]+)/.exec(databaseUrl)?.[1];
  const listed =
    socket === undefined ? authority.slice(authority.lastIndexOf('@') + 1) : decodeURIComponent(socket);
  return listed.split(',').map((each) => each.replace(/:\d+$/, '') || 'localhost');
}
