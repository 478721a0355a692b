/**
 * What the embedded server is set to, beside where it listens; docs/deployment.md recommends the same for others. All
 * of it is about how much is done, none about what is kept: a commit is on the disk before it is answered.
 */
export const SERVER_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // A switch and a worker hold up to forty between them: five such nodes, with admin API and commands.
  max_connections: '240',
  // The indexes of today's claims and journal are written at random: they have to be in memory, all of them.
  shared_buffers: '256MB',
  // After a checkpoint each page goes to the log whole when it is first written: the fewer checkpoints, the shorter
  // the log. Recovery takes longer for it, seconds for each GB.
  checkpoint_timeout: '15min',
  max_wal_size: '2GB',
  // Queue and awaited proofs are small tables of short-lived rows: a minute's dead rows would be most of what is read.
  autovacuum_naptime: '10s',
  log_line_prefix: '%m [%p] ',
};
